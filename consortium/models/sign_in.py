"""How people come in: whose a session is, what was tried at the door, who somebody is to a hospital's own sign-in."""

from typing import Any, ClassVar

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import UserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from consortium.models.base import Row
from consortium.models.people import Person


class Session(AbstractBaseSession):
    """A browser's session (会话); `expire_date` moves on with its use, never past the longest life since it began."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    began_at = models.DateTimeField(help_text="When somebody signed in with it (登录时间).")

    class Meta:
        indexes = [models.Index(fields=["person"], name="session_by_person")]

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The engine that reads and writes these rows."""
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")


class Way(models.TextChoices):
    """With what somebody came (登录方式)."""

    PASSWORD = "PASSWORD", _("密码")
    TOTP = "TOTP", _("动态验证码")
    SECURITY_KEY = "SECURITY_KEY", _("安全密钥")
    RECOVERY_CODE = "RECOVERY_CODE", _("恢复码")
    HOSPITAL = "HOSPITAL", _("医院统一认证")


class Outcome(models.TextChoices):
    """What came of it (结果)."""

    DONE = "DONE", _("成功")
    WRONG = "WRONG", _("不正确")
    LOCKED = "LOCKED", _("已锁定")
    UNLOCKED = "UNLOCKED", _("已解锁")


FACTORS = (Way.TOTP, Way.SECURITY_KEY, Way.RECOVERY_CODE)
# After these, factors that were shown wrongly before count no more.
PASSED = Q(outcome=Outcome.UNLOCKED) | Q(way__in=FACTORS, outcome=Outcome.DONE)


class SignIn(Row):
    """One attempt to come in (登录记录); of a name that nobody has, no more than that it was tried."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sign_ins")
    at = models.DateTimeField(help_text="When (时间).")
    way = models.CharField(max_length=20, choices=Way.choices, help_text="With what (方式).")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, help_text="What came of it (结果).")
    address = models.GenericIPAddressField(null=True, help_text="From where (地址).")
    agent = models.CharField(max_length=200, blank=True, help_text="The browser, as it names itself (浏览器).")

    class Meta:
        indexes = [models.Index(fields=["person", "-at"], name="sign_in_by_person")]


class AccountManager(UserManager["Account"]):
    """Accounts with what their keepers ask about them."""

    def get_queryset(self) -> models.QuerySet["Account"]:
        """Each with whether a second factor is enrolled and whether the door is closed to it."""
        since, limit = timezone.now() - settings.AXES_COOLOFF_TIME, settings.AXES_FAILURE_LIMIT
        enrolled = Authenticator.objects.filter(user=OuterRef("pk"), type__in=["totp", "webauthn"])
        names = AccessAttempt.objects.filter(username=OuterRef("username"), attempt_time__gte=since).order_by()
        guessed = names.values("ip_address").annotate(n=Sum("failures_since_start")).filter(n__gte=limit)
        passed = SignIn.objects.filter(PASSED, person=OuterRef("person"), at__gt=OuterRef("at"))
        wrong = SignIn.objects.filter(person=OuterRef("pk"), way__in=FACTORS, outcome=Outcome.WRONG, at__gte=since)
        tried = wrong.filter(~Exists(passed)).values("person").annotate(n=Count("pk")).filter(n__gte=limit)
        closed = Q(Exists(guessed)) | Q(Exists(tried))
        return super().get_queryset().annotate(second_factor=Exists(enrolled), locked=closed)


class Account(Person):
    """A person as the keepers of accounts see them (账号)."""

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        proxy = True


class HospitalIdentity(Row):
    """Who somebody is to a hospital's own sign-in (统一认证身份), told before: a subject or an employee number."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=40, help_text="The id of the provider in REFNET_OIDC (认证源).")
    subject = models.CharField(max_length=255, help_text="The value of the provider's claim (工号或主体).")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "subject"],
                name="identity_of_one_person",
                violation_error_message=_("该工号已登记给另一账号。"),
            )
        ]
