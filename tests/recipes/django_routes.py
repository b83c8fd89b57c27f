"""The routes of the project: the views of ``docs/django.md``, and some that try what the page says of others."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.authentication import BaseAuthentication, BasicAuthentication, SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView
from shop import api, authentication, bearer, views

from jwtmr import Principal


class Me(APIView):
    """Under the permissions of the settings: who calls."""

    def get(self, request: Request) -> Response:
        """What DRF knows of the caller."""
        known = isinstance(request.auth, Principal) and request.user.is_authenticated
        user = request.user
        flags = [user.is_active, user.is_anonymous, user.is_staff, user.is_superuser]
        said = {"name": str(user), "key": user.pk, "known": known, "flags": flags, "repr": repr(request.auth)}
        return Response(said)


class Admins(Me):
    """Asks for a group."""

    permission_classes = (authentication.requires(any_group=["admins"]),)


class AnyToken(Me):
    """Asks for a token and nothing more."""

    permission_classes = (authentication.requires(),)


class Somebody(BaseAuthentication):
    """Knows everybody by what is no principal, as the token authentication of DRF does."""

    def authenticate(self, _: Request) -> tuple[object, object]:
        """A caller and credentials."""
        return object(), "no principal"


class Foreign(AnyToken):
    """Asks for a token where another class has said who calls."""

    authentication_classes = (Somebody,)


class Once(UserRateThrottle):
    """One request a day for each user."""

    rate = "1/day"


class Throttled(Me):
    """Served once a day."""

    throttle_classes = (Once,)


class BearerFirst(Me):
    """The order of the page."""

    authentication_classes = (authentication.BearerAuthentication, BasicAuthentication, SessionAuthentication)


class BasicFirst(Me):
    """The challenge is that of Basic."""

    authentication_classes = (BasicAuthentication, authentication.BearerAuthentication)


class SessionFirst(Me):
    """There is no challenge."""

    authentication_classes = (SessionAuthentication, authentication.BearerAuthentication)


class Broken(Me):
    """A view with a bug."""

    def get(self, request: Request) -> Response:
        """Fail."""
        super().get(request)
        raise KeyError("bug of a view")


@bearer.bearer()
def broken(request: HttpRequest) -> HttpResponse:
    """A view with a bug."""
    raise KeyError("bug of a view")


@method_decorator(bearer.bearer(any_group=["admins"]), name="dispatch")
class PlainAdmins(View):
    """A class-based view."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Who calls."""
        return JsonResponse({"user": request.principal.subject})


def unprotected(request: HttpRequest) -> HttpResponse:
    """A view without a decorator."""
    return HttpResponse("served")


urlpatterns = [
    path("orders", api.Orders.as_view()),
    path("catalogue", api.catalogue),
    path("me", Me.as_view()),
    path("admins", Admins.as_view()),
    path("any-token", AnyToken.as_view()),
    path("foreign", Foreign.as_view()),
    path("throttled", Throttled.as_view()),
    path("bearer-first", BearerFirst.as_view()),
    path("basic-first", BasicFirst.as_view()),
    path("session-first", SessionFirst.as_view()),
    path("broken", Broken.as_view()),
    path("plain/orders", views.orders),
    path("plain/catalogue", views.catalogue),
    path("plain/admins", PlainAdmins.as_view()),
    path("plain/broken", broken),
    path("plain/unprotected", unprotected),
    path("async/orders", views.orders_async),
]
