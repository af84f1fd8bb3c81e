"""What `train --help` adds: the tasks there are, and the settings of one that is named with it."""

from collections.abc import Mapping, Sequence

import click

from seqstudio.cli.group import installed
from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.options import Option
from seqstudio.host.jobs.train_settings import own_options, setting_text, training_options

NAMED = "seqstudio.train.words"  # what stood on the command line, for its help
Rows = list[tuple[str, str]]


class TrainCommand(click.Command):
    """A command whose help depends on the task that is named: `train speech.ctc --help`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember the words before --help ends it all."""
        ctx.meta[NAMED] = tuple(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the tasks, or the settings of those that are named, after the options."""
        super().format_options(ctx, formatter)
        tasks = {task.name: task for one in installed(ctx).plugins for task in one.manifest.tasks}
        named = [tasks[word] for word in ctx.meta.get(NAMED, ()) if word in tasks]
        sections = [section for task in named for section in settings_of(task)]
        rows = [(task.name, task.title) for task in tasks.values()]
        title = "Tasks (`seqstudio train TASK --help` lists what can be set)"
        for heading, lines in sections or [(title, rows)]:
            with formatter.section(heading):
                formatter.write_dl(lines)


def settings_of(task: TaskEntry) -> list[tuple[str, Rows]]:
    """Give the sections of a task's help: its own settings, then those of every training."""
    unknown = [("NAME", "Known to its code alone: a wrong name lists them.")]
    described = task.options is not None
    presets = task.presets if described else ()
    own = setting_rows([own_options(task, preset) for preset in presets], presets)
    every = [training_options(task, preset) for preset in task.presets]
    return [
        (f"Settings of {task.name}", own or unknown),
        ("Settings of every training", setting_rows(every, task.presets)),
    ]


def setting_rows(options: Sequence[Mapping[str, Option]], presets: Sequence[str]) -> Rows:
    """Give a line for each setting: what it takes, what it means, its range, and its defaults.

    Parameters
    ----------
    options : of each preset, the same names with other defaults
    presets : their names
    """
    rows = []
    for name, option in options[0].items() if options else ():
        kind = "|".join(option.choices) or option.type.upper()
        texts = [option.help, bounds(option), defaults([one[name] for one in options], presets)]
        rows.append((f"{name}={kind}{',...' * option.repeat}", "  ".join(filter(None, texts))))
    return rows


def bounds(option: Option) -> str:
    """Say from where to where, as click says it of flags."""
    low = "" if option.min is None else f"{option.min:g}<="
    high = "" if option.max is None else f"<={option.max:g}"
    return f"[{low}x{high}]" if low or high else ""


def defaults(options: Sequence[Option], presets: Sequence[str]) -> str:
    """Say what each preset sets; once where all agree, nothing where nothing is set."""
    texts = ["" if one.default is None else setting_text(one.default) for one in options]
    if len(set(texts)) == 1:
        return f"[default: {texts[0]}]" if texts[0] else ""
    told = "; ".join(f"{name}: {text}" for name, text in zip(presets, texts, strict=True))
    return f"[{told}]"
