"""What people fill in: the file, how it is read, and what its columns are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from .models import Import
from .sheets import sheets

ENCODINGS = [
    ("", _("find out")),
    ("utf-8", _("UTF-8 (every language)")),
    ("cp1252", _("Windows (Western Europe)")),
    ("utf-16", _("UTF-16 (Unicode text from Excel)")),
]
SEPARATORS = [
    ("", _("find out")),
    (",", _("comma ,")),
    (";", _("semicolon ;")),
    ("\t", _("tab")),
    ("|", _("bar |")),
]
DECIMALS = [
    ("", _("find out")),
    (",", _("comma: 1.234,56")),
    (".", _("point: 1,234.56")),
]
DATE_ORDERS = [
    ("", _("find out")),
    ("dmy", _("day first: 31-01-2026")),
    ("mdy", _("month first: 01/31/2026")),
]


class UploadForm(forms.Form):
    """A file, and what is in it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, at most 200 MB. The first line names the columns."),
        allow_empty_file=True,  # the service says what is wrong with it
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    sheet = forms.ChoiceField(
        label=_("What is in it"), required=False, help_text=_("The column names usually tell.")
    )
    nonce = forms.CharField(widget=forms.HiddenInput, required=False, max_length=80)

    def __init__(self, *args: Any, allowed: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sheet"].choices = [  # type: ignore[attr-defined]
            ("", _("the column names tell")),
            *[(sheet.key, sheet.label) for sheet in allowed],
        ]


class ReadingForm(forms.Form):
    """How one file is read: its settings, its columns, the sheet's own questions."""

    def __init__(self, *args: Any, row: Import, allowed: Sequence[Any], user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row, self.user = row, user
        self.sheet = sheets.get(row.sheet) if row.sheet in sheets else None
        self._unclear: set[str] = set()
        self.fields["sheet"] = forms.ChoiceField(
            label=_("What is in it"),
            choices=[(sheet.key, sheet.label) for sheet in allowed]
            if self.sheet
            else [("", _("choose")), *[(sheet.key, sheet.label) for sheet in allowed]],
            initial=row.sheet,
        )
        self._add_settings()
        if self.sheet:
            self._add_columns(self.sheet)
            self._add_options(self.sheet)

    def _choice(self, name: str, label: Any, choices: Sequence[tuple[str, Any]], **given: Any) -> None:
        """A setting whose first choice, nothing, means: find out; it says what was found."""
        said = str(self.row.options.get(name) or "")
        found = dict(choices).get(self.row.reading.get(name) or "")
        shown = list(choices)
        if found and shown[0][0] == "" and self.row.reading.get(name):
            shown[0] = ("", _("found: %(value)s") % {"value": found})
        elif name in {question["code"] for question in self.row.questions}:
            shown[0] = ("", _("choose"))
        self.fields[name] = forms.ChoiceField(
            label=label, choices=shown, required=False, initial=said, **given
        )

    def _add_settings(self) -> None:
        reading = self.row.reading
        if reading.get("kind") == "xlsx":
            names = reading.get("sheet_names") or []
            self.fields["sheet_name"] = forms.ChoiceField(
                label=_("Sheet of the workbook"),
                choices=[(name, name) for name in names],
                initial=reading.get("sheet_name"),
                required=False,
            )
        else:
            self._choice("encoding", _("Encoding"), ENCODINGS)
            self._choice("separator", _("Between the cells"), SEPARATORS)
        self._add_header_line()
        self._choice("decimal", _("Decimal mark"), DECIMALS)
        self._choice("date_order", _("Dates"), DATE_ORDERS)

    def _add_header_line(self) -> None:
        """Which line names the columns: found, or one of the file's first lines."""
        found = _("found: %(value)s") % {"value": self.row.reading.get("header_line", "")}
        lines = [(str(line), f"{line}: {text}") for line, text in self.row.reading.get("head") or []]
        self.fields["header_line"] = forms.ChoiceField(
            label=_("Line with the column names"),
            choices=[("", found), *lines],
            initial=str(self.row.options.get("header_line") or ""),
            required=False,
        )

    def _add_columns(self, sheet: Any) -> None:
        choices = [("", _("leave out")), *[(each.name, each.label) for each in sheet.fields]]
        mapping = self.row.reading.get("mapping") or {}
        months = mapping.get("months") or {}
        for position, header in enumerate(self.row.reading.get("headers") or []):
            if header in months:
                continue
            self.fields[f"column_{position}"] = forms.ChoiceField(
                label=header,
                choices=choices,
                required=False,
                initial=(mapping.get("columns") or {}).get(header, ""),
            )
        if months:
            self.fields["wide_value"] = forms.ChoiceField(
                label=_("The columns per month hold"),
                choices=[
                    (each.name, each.label) for each in sheet.fields if each.kind in ("number", "amount")
                ],
                initial=mapping.get("wide_value"),
            )

    def _add_options(self, sheet: Any) -> None:
        options = (self.row.layout.options if self.row.layout else {}) | self.row.options
        mapping = self.row.reading.get("mapping") or {}
        there = {*(mapping.get("columns") or {}).values(), mapping.get("wide_value")}
        asked = {question.get("name") for question in self.row.questions}
        for option in sheet.options:
            if option.when_unclear:
                self._add_unclear(option, str(options.get(option.name) or ""), option.name in asked)
                continue
            if option.fields and not there.intersection(option.fields) and option.name not in options:
                continue  # nothing in the file that it is about
            self.fields[f"option_{option.name}"] = forms.ChoiceField(
                label=option.label,
                choices=option.answers(self.user),
                required=False,
                initial=options.get(option.name),  # answered; a default nobody was asked about is no answer
                widget=forms.RadioSelect,
            )
        if sheet.can_create:
            self.fields["create_missing"] = forms.BooleanField(
                label=_("Create codes that do not exist yet"),
                required=False,
                initial=bool(self.row.options.get("create_missing")),
                help_text=_("Otherwise their rows are refused. The preview says what would be created."),
            )

    def _add_unclear(self, option: Any, said: str, asked: bool) -> None:
        """A question that most files do not bring up: can be answered, or left until one does."""
        answers = list(option.answers(self.user))
        if answers:
            said = next((key for key, _label in answers if key.lower() == said.lower()), "")
            nothing = _("choose") if asked else option.unsaid
            self.fields[f"option_{option.name}"] = forms.ChoiceField(
                label=option.label, choices=[("", nothing), *answers], required=False, initial=said
            )
            self._unclear.add(f"option_{option.name}")

    @cached_property
    def columns(self) -> list[dict[str, Any]]:
        """The file's columns with some of their cells, and the field that says what each is (or its
        month)."""
        months = (self.row.reading.get("mapping") or {}).get("months") or {}
        rows = self.row.reading.get("rows") or []
        return [
            {
                "header": header,
                "cells": [cells[position] for cells in rows[:3]],
                "bound": self[f"column_{position}"] if f"column_{position}" in self.fields else None,
                "month": months.get(header),
            }
            for position, header in enumerate(self.row.reading.get("headers") or [])
        ]

    @property
    def settings(self) -> list[Any]:
        names = (
            *("sheet", "sheet_name", "encoding", "separator", "header_line", "decimal", "date_order"),
            "wide_value",
            *self._unclear,
        )
        return [self[name] for name in names if name in self.fields]

    @property
    def choices(self) -> list[Any]:
        names = [name for name in self.fields if name.startswith("option_") or name == "create_missing"]
        return [self[name] for name in names if name not in self._unclear]

    def said(self) -> tuple[dict[str, Any], dict[str, Any], str]:
        """``(options, mapping, sheet)`` for ``import_configure``."""
        data = self.cleaned_data
        names = ("sheet_name", "encoding", "separator", "header_line", "decimal", "date_order")
        options = {name: data[name] for name in names if name in data}
        options |= {
            name.removeprefix("option_"): value
            for name, value in data.items()
            if name.startswith("option_") and (value or name in self._unclear)
        }
        if "create_missing" in data:
            options["create_missing"] = data["create_missing"]
        headers = self.row.reading.get("headers") or []
        columns = {
            header: data[f"column_{position}"]
            for position, header in enumerate(headers)
            if f"column_{position}" in data
        }
        mapping: dict[str, Any] = {"columns": columns} if columns else {}
        line, said = data["header_line"], str(self.row.options.get("header_line") or "")
        anew = line not in (said, str(self.row.reading.get("header_line")))
        if data["sheet"] != self.row.sheet or anew:
            # Another kind of file, or another line that names the columns: they are matched anew.
            mapping = {"columns": {}}
        if data.get("wide_value"):
            mapping["wide_value"] = data["wide_value"]
        return options, mapping, data["sheet"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        taken: dict[str, str] = {}
        for position, header in enumerate(self.row.reading.get("headers") or []):
            name = data.get(f"column_{position}")
            if name and name in taken and self.sheet:
                labels = {each.name: each.label for each in self.sheet.fields}
                self.add_error(
                    f"column_{position}",
                    _("“%(field)s” is already the column “%(other)s”.")
                    % {"field": labels[name], "other": taken[name]},
                )
            elif name:
                taken[name] = header
        return data
