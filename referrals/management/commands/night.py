"""Let a night pass in the demo network, at accelerated time."""

import signal
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from consortium import demo
from referrals.demo import night


class Command(BaseCommand):
    """`manage.py night`: its hospitals act beside the running server; Ctrl-C ends it, bounded by `--minutes`."""

    help = "Let a night pass in the demo network at accelerated time, one line for each event."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--minutes`, `--pace` and `--seed`."""
        parser.add_argument("--minutes", type=float, default=480.0, help="Length of the night on its own clock.")
        parser.add_argument("--pace", type=float, default=30.0, help="How many times as fast as real time.")
        parser.add_argument("--seed", type=int, default=1, help="Another number, another night.")

    def handle(self, *args: Any, minutes: float, pace: float, seed: int, **options: Any) -> None:
        """Act until the night is over or somebody stops it."""
        if settings.DEMO_CLOCK is None or not demo.loaded():
            raise CommandError(_("模拟夜晚只在示范数据上进行：请先运行 ./refnet demo。"))
        if minutes <= 0 or pace < 1:
            raise CommandError(_("夜晚的分钟数须大于 0，倍速不小于 1。"))
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            steps = night.act(length=timedelta(minutes=minutes), pace=pace, seed=seed, say=self.say)
        except KeyboardInterrupt:
            self.say("夜晚提前结束 · the night was ended early")
        else:
            self.say(f"天亮了，共 {steps} 步 · morning, {steps} steps")

    def say(self, line: str) -> None:
        """Print a line at once."""
        self.stdout.write(line)
        self.stdout.flush()
