"""Printed times -> UTC: ISO 8601, RFC 822, and the forms newspapers print, month names in seven languages.

A date is taken only where it can mean one day: `03/04/2024` means two and gives none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # news on the web begins later; earlier dates are template defaults
AHEAD = timedelta(days=1)  # clocks and zones differ by up to 26 hours between an outlet and us
EPOCH = re.compile(r"[0-9]{10}(?:[0-9]{3})?")
LOOK_AT = 300  # characters of a text that are looked at: a date line is short

_MONTHS = (
    "january jan januar janvier janv jänner enero ene janeiro gennaio gen januari ocak",
    "february feb februar février févr fév febrero fevereiro fev febbraio febr februari şubat",
    "march mar märz mrz mär mars marzo março maart mart",
    "april apr avril avr abril abr aprile nisan",
    "may mai mayo maio maggio mag mei mayıs",
    "june jun juni juin junio junho giugno giu haziran",
    "july jul juli juillet juil julio julho luglio lug temmuz",
    "august aug août aou agosto ago augustus ağustos",
    "september sept sep septembre septiembre setiembre setembro set settembre eylül",
    "october oct oktober okt octobre octubre outubro out ottobre ott ekim",
    "november nov novembre noviembre novembro kasım",
    "december dec dezember dez décembre déc diciembre dic dezembro dicembre aralık",
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split(" ")}
_WEEKDAYS = (
    "monday mon tuesday tues tue wednesday wed thursday thurs thur thu friday fri saturday sat sunday sun "
    "montag mo dienstag di mittwoch mi donnerstag do freitag fr samstag sonnabend sa sonntag so "
    "lundi lun mardi mar mercredi mer jeudi jeu vendredi ven samedi sam dimanche dim "
    "lunes martes miércoles mié jueves jue viernes vie sábado sáb domingo dom "
    "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira lunedì martedì mercoledì giovedì venerdì sabato "
    "domenica maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
)
# Zones whose letters mean one offset in news, in hours.
ZONES = {
    "z": 0.0, "utc": 0.0, "gmt": 0.0, "wet": 0.0, "bst": 1.0, "cet": 1.0, "mez": 1.0, "cest": 2.0, "mesz": 2.0,
    "eet": 2.0, "eest": 3.0, "msk": 3.0, "est": -5.0, "edt": -4.0, "cdt": -5.0, "mst": -7.0, "mdt": -6.0,
    "pst": -8.0, "pdt": -7.0, "jst": 9.0, "kst": 9.0, "hkt": 8.0, "sgt": 8.0, "aest": 10.0, "aedt": 11.0,
}  # fmt: skip
UNSURE_ZONES = ("et", "ct", "mt", "pt", "cst", "ist")  # of the season or of several countries: printed, not reckoned


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_MONTH = _any_of(MONTHS)
_WEEKDAY = rf"(?:\b(?:{_any_of(_WEEKDAYS.split(' '))})\.?,?\s{{1,3}})?"
_LETTERS = rf"\(?(?:{_any_of((*ZONES, *UNSURE_ZONES))})\)?(?![a-z])"
_ZONE = rf"(?:\s{{0,2}}(?P<zone>[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}}(?!\d)|{_LETTERS}))?"
_CLOCK = (
    r"(?:[\s,;|·•–—-]{0,4}(?:t|at|à|um|a las|às|alle|ore|om|saat|klo)?\s{0,2}"
    r"(?P<hour>[01]?\d|2[0-3])(?:[:.h](?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d{1,9})?)?)"
    r"\s{0,2}(?:(?P<half>[ap])\.?m\.?(?![a-z])|uhr|h(?![a-z]))?" + _ZONE + r")?"
)
CLOCK_PARTS = ("hour", "minute", "second")
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>(?:19|20)\d{2})(?!\d)"
FORMS = tuple(
    re.compile(form + _CLOCK)
    for form in (
        rf"(?<!\d){_YEAR}[-/.](?P<month>0?[1-9]|1[0-2])[-/.]{_DAY}(?!\d)",  # 2024-03-29, 2024/03/29
        r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-2]\d|3[01])(?!\d)",  # 20240329
        rf"{_WEEKDAY}(?<![a-z])(?P<name>{_MONTH})\.?\s{{1,3}}{_DAY}(?:st|nd|rd|th)?,?\s{{1,3}}{_YEAR}",  # Mar 29, 2024
        rf"{_WEEKDAY}(?<![a-z])(?P<name>{_MONTH})\s{{1,3}}{_DAY}\s(?P<time>[012]\d:[0-5]\d:[0-5]\d)\s(?P<letters>[a-z]{{3,4}}\s)?"
        rf"{_YEAR}",  # Thu Mar 28 10:00:00 EDT 2024
        rf"{_WEEKDAY}(?<!\d){_DAY}(?:st|nd|rd|th|er|º|\.)?\s{{0,3}}(?:de |of |-)?(?P<name>{_MONTH})\.?,?[\s-]{{1,3}}"
        rf"(?:de |del )?{_YEAR}",  # 29 March 2024, 29. März 2024, 29 de marzo de 2024, 29-Mar-2024
        rf"(?<!\d){_YEAR}\s?[年년]\s?(?P<month>0?[1-9]|1[0-2])\s?[月월]\s?{_DAY}\s?[日일]",
        rf"(?<!\d){_DAY}\.\s?(?P<month>0?[1-9]|1[0-2])\.\s?{_YEAR}",  # 29.03.2024: day first wherever dots are used
        rf"(?<!\d)(?P<either>0?[1-9]|[12]\d|3[01])[/-](?P<other>0?[1-9]|[12]\d|3[01])[/-]{_YEAR}",  # 29/03/2024
    )
)


def published(text: str, as_of: datetime) -> tuple[datetime | None, str | None]:
    """The first date in the text in UTC, and the date as printed, with its clock and zone.

    A text of 10 or 13 digits alone is seconds or milliseconds since 1970. A day alone is 00:00; a clock without zone,
    or with one of several meanings, counts as UTC. No date: (None, None).
    Before 1990 or more than a day after `as_of`: (None, the date as printed).
    """
    moment, printed = _first_time(text)
    if moment is None:
        return None, None
    in_utc = moment.astimezone(UTC)
    return (in_utc if EARLIEST <= in_utc <= as_of + AHEAD else None), printed


def stated_time(text: str) -> datetime | None:
    """The first date in the text in the zone it is printed in, UTC where none is; None where the text has no date."""
    return _first_time(text)[0]


def _first_time(text: str) -> tuple[datetime | None, str | None]:
    if EPOCH.fullmatch(text.strip()):
        return datetime.fromtimestamp(int(text.strip()[:10]), UTC), text.strip()
    shown = unicodedata.normalize("NFC", text[:LOOK_AT]).replace("\xa0", " ").replace("\u202f", " ")
    lower = shown.lower()
    if len(lower) != len(shown):  # "İ" in lower case is two signs
        shown = lower
    hits = [hit for form in FORMS if (hit := form.search(lower))]
    for hit in sorted(hits, key=lambda hit: (hit.start(), -hit.end())):
        moment = _moment(hit)
        if moment is not None:
            return moment, shown[hit.start() : hit.end()].strip()
    return None, None


def _moment(hit: re.Match[str]) -> datetime | None:
    part = hit.groupdict()
    day, month = part.get("day"), part.get("month")
    if part.get("name"):
        month = str(MONTHS[part["name"]])
    elif part.get("either"):
        day, month = part["either"], part["other"]
        if int(day) <= 12 and int(month) <= 12 and int(day) != int(month):
            return None
        if int(month) > 12:
            day, month = month, day
    if day is None or month is None:
        return None
    clock = part.get("time")
    hour, minute, second = map(int, clock.split(":") if clock else (part[name] or 0 for name in CLOCK_PARTS))
    if part["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if part["half"] == "p" else 0)
    try:
        zone = _zone(part.get("letters") or part["zone"])
        return datetime(int(part["year"]), int(month), int(day), hour, minute, second, tzinfo=zone)
    except ValueError:  # 31 February
        return None


def _zone(printed: str | None) -> timezone:
    letters = (printed or "").strip("() ")
    if not letters or letters in UNSURE_ZONES:
        return UTC
    if letters in ZONES:
        return timezone(timedelta(hours=ZONES[letters]))
    if letters[0] not in "+-":
        return UTC
    digits = letters[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if letters[0] == "-" else offset)
