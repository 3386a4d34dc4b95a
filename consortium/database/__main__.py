"""`python -m consortium.database`: where|stop|reset for people, hold for the launcher, keep for `attach`."""

import argparse
import sys

from consortium.database import embedded
from consortium.database.keeper import Keeper


def main() -> None:
    """Run one command; a refusal ends it with its sentence and exit code 1."""
    parser = argparse.ArgumentParser(prog="refnet db", description="内置数据库 / the embedded database")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("where", help="数据在哪里 / say where the data lies")
    commands.add_parser("stop", help="停止服务器 / stop the server")
    reset = commands.add_parser("reset", help="删除数据库和上传的文件 / delete the database and the uploaded files")
    reset.add_argument("--yes", action="store_true", help="不再询问 / do not ask")
    commands.add_parser("hold", help="持有至标准输入结束 / keep the server up until standard input ends")
    commands.add_parser("keep", help="（内部）/ (internal)")
    arguments = parser.parse_args()
    globals()[f"_{arguments.command}"](arguments)


def _where(_: argparse.Namespace) -> None:
    print(embedded.data_folder())
    print(embedded.url(), "运行中 / running" if embedded.this_cluster().listening() else "已停止 / stopped")


def _stop(_: argparse.Namespace) -> None:
    print("已停止 / stopped" if embedded.stop() else "本未运行 / was not running")


def _reset(arguments: argparse.Namespace) -> None:
    folder = embedded.data_folder()
    if not arguments.yes:
        question = f"删除 {folder} 里的全部数据？/ Delete all data in {folder}? [yes/no] "
        if not sys.stdin.isatty() or input(question).strip() != "yes":
            raise SystemExit("未删除；确认请加 --yes / nothing deleted; confirm with --yes")
    embedded.reset()
    print(f"已删除 / deleted: {folder}")


def _hold(_: argparse.Namespace) -> None:
    embedded.attach()
    print(embedded.data_folder(), flush=True)
    sys.stdin.read()


def _keep(_: argparse.Namespace) -> None:
    Keeper(embedded.this_cluster()).run()


if __name__ == "__main__":
    main()
