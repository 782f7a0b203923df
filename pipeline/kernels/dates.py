"""Printed times -> UTC: ISO 8601, RFC 822, and the forms newspapers print, month names in 23 languages.

A date is taken only where it can mean one day: `03/04/2024` in English means two and gives none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # news on the web begins later; earlier dates are template defaults
AHEAD = timedelta(days=1)  # clocks and zones differ by up to 26 hours between an outlet and us
EPOCH = re.compile(r"[0-9]{10}(?:[0-9]{3})?")
BOTH_WAYS = frozenset(("en", "fil", "tl"))  # languages that print 03/04 for 3 April here and for 4 March there
DIGITS = {
    ord(sign): str(unicodedata.digit(sign))
    for sign in "٠١٢٣٤٥٦٧٨٩" + "۰۱۲۳۴۵۶۷۸۹" + "०१२३४५६७८९" + "０１２３４５６７８９"
}
UTC_PLUS = re.compile(r"^(?:gmt|utc)\s?(?=[+-])")
LOOK_AT = 300  # characters of a text that are looked at: a date line is short

# Of every language the forms it prints dates with: English, German, French, Spanish, Portuguese, Italian, Dutch,
# Turkish, Danish, Norwegian, Swedish, Icelandic, Finnish, Polish, Czech, Romanian, Hungarian, Indonesian, Russian,
# Ukrainian, Greek, Hindi, Arabic. What means two months is one language's: listopada is Polish November.
_MONTHS = (
    "january jan januar janvier janv jänner enero ene janeiro gennaio gen januari ocak janúar tammikuuta stycznia "
    "sty ledna ianuarie ian január января янв січня січ ιανουαρίου ιαν जनवरी يناير جانفي",
    "february feb februar février févr fév febrero fevereiro fev febbraio febr februari şubat febrúar helmikuuta "
    "lutego lut února februarie február февраля фев лютого лют φεβρουαρίου φεβ फरवरी فبراير فيفري",
    "march mar märz mrz mär mars marzo março maart mart marts maaliskuuta marca března martie március márc maret "
    "марта мар березня бер μαρτίου μαρ मार्च مارس",
    "april apr avril avr abril abr aprile nisan apríl huhtikuuta kwietnia kwi dubna aprilie április ápr апреля "
    "апр квітня кві απριλίου απρ अप्रैल أبريل ابريل أفريل",
    "may mai mayo maio maggio mag mei mayıs maj maí toukokuuta maja května május máj мая травня тра μαΐου μαΐ मई "
    "مايو ماي",
    "june jun juni juin junio junho giugno giu haziran júní kesäkuuta czerwca cze června iunie június jún июня "
    "июн червня чер ιουνίου ιουν जून يونيو جوان",
    "july jul juli juillet juil julio julho luglio lug temmuz júlí heinäkuuta lipca lip července iulie július júl "
    "июля июл липня лип ιουλίου ιουλ जुलाई يوليو جويلية",
    "august aug août aou agosto ago augustus augusti ağustos ágúst elokuuta sierpnia sie srpna augusztus agustus "
    "agt августа авг серпня сер αυγούστου αυγ अगस्त أغسطس اغسطس أوت",
    "september sept sep septembre septiembre setiembre setembro set settembre eylül syyskuuta września wrz září "
    "septembrie szeptember szept сентября сен вересня вер σεπτεμβρίου σεπ सितंबर سبتمبر",
    "october oct oktober okt octobre octubre outubro out ottobre ott ekim október lokakuuta października paź "
    "října octombrie октября окт жовтня жов οκτωβρίου οκτ अक्टूबर أكتوبر اكتوبر",
    "november nov novembre noviembre novembro kasım nóvember marraskuuta listopada lis listopadu noiembrie ноября "
    "ноя листопада νοεμβρίου νοε नवंबर نوفمبر",
    "december dec dezember dez décembre déc diciembre dic dezembro dicembre aralık desember des joulukuuta "
    "grudnia gru prosince decembrie декабря дек грудня гру δεκεμβρίου δεκ दिसंबर ديسمبر",
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split(" ")}
_WEEKDAYS = (
    "monday mon tuesday tues tue wednesday wed thursday thurs thur thu friday fri saturday sat sunday sun montag "
    "mo dienstag di mittwoch mi donnerstag do freitag fr samstag sonnabend sa sonntag so lundi lun mardi mar "
    "mercredi mer jeudi jeu vendredi ven samedi sam dimanche dim lunes martes miércoles mié jueves jue viernes "
    "vie sábado sáb domingo dom segunda-feira terça-feira quarta-feira quinta-feira sexta-feira lunedì martedì "
    "mercoledì giovedì venerdì sabato domenica maandag dinsdag woensdag donderdag vrijdag zaterdag zondag mandag "
    "tirsdag onsdag torsdag lørdag søndag måndag tisdag lördag söndag poniedziałek wtorek środa czwartek piątek "
    "sobota niedziela понедельник вторник среда четверг пятница суббота воскресенье senin selasa rabu kamis jumat "
    "sabtu minggu pazartesi salı çarşamba perşembe cuma cumartesi pazar"
)
# Zones whose letters mean one offset in news, in hours.
ZONES = {
    "z": 0.0, "utc": 0.0, "gmt": 0.0, "wet": 0.0, "bst": 1.0, "cet": 1.0, "mez": 1.0, "cest": 2.0, "mesz": 2.0,
    "eet": 2.0, "eest": 3.0, "msk": 3.0, "est": -5.0, "edt": -4.0, "cdt": -5.0, "mst": -7.0, "mdt": -6.0,
    "pst": -8.0, "pdt": -7.0, "jst": 9.0, "kst": 9.0, "hkt": 8.0, "sgt": 8.0, "aest": 10.0, "aedt": 11.0,
    "sast": 2.0, "trt": 3.0, "wib": 7.0, "wita": 8.0, "nzst": 12.0, "nzdt": 13.0,
    "akst": -9.0, "akdt": -8.0, "hst": -10.0,
}  # fmt: skip
UNSURE_ZONES = ("et", "ct", "mt", "pt", "cst", "ist")  # of the season or of several countries: printed, not reckoned


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_MONTH = _any_of(MONTHS)
_WEEKDAY = rf"(?:\b(?:{_any_of(_WEEKDAYS.split(' '))})\.?,?\s{{1,3}})?"
_LETTERS = rf"\(?(?:{_any_of((*ZONES, *UNSURE_ZONES))})\)?(?![a-z])"
_ZONE = (
    r"(?:\s{0,2}(?P<zone>\(?(?:gmt|utc)\s?[+-]\d{1,2}(?::?\d{2})?\)?|[+-]\d{2}:?\d{2}|[+-]\d{2}(?!\d)|"
    + _LETTERS
    + "))?"
)
_TIME = (
    r"(?P<hour>[01]?\d|2[0-3])(?:[:.h](?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d{1,9})?)?)"
    r"\s{0,2}(?:(?P<half>[ap])\.?m\.?(?![a-z])|uhr|h(?![a-z]))?" + _ZONE
)
CLOCK = (
    r"(?:[\s,;|·•–—-]{0,4}"
    r"(?:t|at|à|um|a las|às|alle|ore|om|saat|klo|kl\.?|[wovво]|(?:o )?godz\.?|pukul|jam|lúc)?\s{0,2}" + _TIME + ")?"
)
# "10:28, 29 March 2024": a clock right before a day that has none behind it.
CLOCK_BEFORE = r"(?<![\d:.])" + _TIME + r"[\s,;|·•–—-]{1,4}(?:on |am |den |el |le )?$"
FIGURE = re.compile(r"\d")
CLOCK_LENGTH = 40  # characters before a day that are looked at
CLOCK_PARTS = ("hour", "minute", "second")
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>(?:19|20)\d{2})(?!\d)(?:\s?(?:г(?:\.|ода)|р(?:\.|оку)|r\.|roku)(?!\w))?"
_SHORT_DAY = rf"{_DAY}\.(?P<month>0?[1-9]|1[0-2])\.(?P<short_year>\d{{2}})"
_DOT = r"(?!\d)(?:\.(?=\s\d))?"  # after a day that ends the date, before a clock
_NO_LETTER = r"(?<![^\W\d_])"
FORMS = (  # of a day; a clock may follow
    rf"(?<!\d){_YEAR}[-/.]\s?(?P<month>0?[1-9]|1[0-2])[-/.]\s?{_DAY}{_DOT}",  # 2024-03-29, 2024. 3. 29
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-2]\d|3[01])(?!\d)",  # 20240329
    rf"{_WEEKDAY}{_NO_LETTER}(?P<name>{_MONTH})\.?\s{{1,3}}{_DAY}(?:st|nd|rd|th)?,?\s{{1,3}}"
    rf"{_YEAR}",  # Mar 29, 2024
    rf"{_WEEKDAY}{_NO_LETTER}(?P<name>{_MONTH})\s{{1,3}}{_DAY}\s(?P<time>[012]\d:[0-5]\d:[0-5]\d)\s"
    rf"(?P<letters>[a-z]{{3,4}}\s)?{_YEAR}",  # Thu Mar 28 10:00:00 EDT 2024
    rf"{_WEEKDAY}(?<!\d){_DAY}(?:st|nd|rd|th|er|º|\.)?\s{{0,3}}(?:de |of |-)?(?P<name>{_MONTH})\.?,?[\s-]{{1,3}}"
    rf"(?:de |del )?{_YEAR}",  # 29 March 2024, 29. März 2024, 29 de marzo de 2024, 29-Mar-2024
    rf"(?<!\d){_YEAR}\.\s(?P<name>{_MONTH})\.?\s{_DAY}{_DOT}",  # 2024. március 29.
    rf"(?<!\d){_DAY}\stháng\s(?P<month>0?[1-9]|1[0-2])(?:,|\snăm)?\s{_YEAR}",  # 29 tháng 3 năm 2024
    rf"(?<!\d){_YEAR}\s?[年년]\s?(?P<month>0?[1-9]|1[0-2])\s?[月월]\s?{_DAY}\s?[日일]",
    rf"(?<!\d){_DAY}\.\s?(?P<month>0?[1-9]|1[0-2])\.\s?{_YEAR}",  # 29.03.2024: day first wherever dots are used
    # 29.03.24: two figures for the year only alone or before a clock; else it may be a version.
    rf"^\s*{_SHORT_DAY}\s*$",
    rf"(?<![\d.]){_SHORT_DAY}(?=[\s,–—-]{{1,3}}\d{{1,2}}[:.]\d\d(?!\d))",
    rf"(?<!\d)(?P<either>0?[1-9]|[12]\d|3[01])[/-](?P<other>0?[1-9]|[12]\d|3[01])[/-]{_YEAR}",  # 29/03/2024
)

IN_ADDRESS = re.compile(
    r"(?<![0-9])(?P<year>(?:19|20)[0-9]{2})(?P<sign>[/_.-])(?P<month>0?[1-9]|1[0-2]|[a-z]{3,9})(?P=sign)"
    r"(?P<day>0?[1-9]|[12][0-9]|3[01])(?![0-9])"
    r"|(?<=[/_-])(?P<year_too>(?:19|20)[0-9]{2})/?(?P<month_too>0[1-9]|1[0-2])(?P<day_too>0[1-9]|[12][0-9]|3[01])"
    r"(?=[/_.-]|$)"
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled when it is first asked for: all of them take 0.05 s, most pages give ISO times."""
    return re.compile(pattern)


def published(text: str, as_of: datetime, language: str | None = None) -> tuple[datetime | None, str | None]:
    """The first date in the text in UTC, and the date as printed, with its clock and zone.

    A text of 10 or 13 digits alone is seconds or milliseconds since 1970. A day alone is 00:00; a clock without zone,
    or with one of several meanings, counts as UTC. 03/04/2024 is 3 April in any `language` but English, which prints it
    both ways, and unknown ones. No date: (None, None).
    Before 1990 or more than a day after `as_of`: (None, the date as printed).
    """
    moment, printed = _first_time(text, language)
    if moment is None:
        return None, None
    in_utc = moment.astimezone(UTC)
    return (in_utc if EARLIEST <= in_utc <= as_of + AHEAD else None), printed


def stated_time(text: str) -> datetime | None:
    """The first date in the text in the zone it is printed in, UTC where none is; None where the text has no date."""
    return _first_time(text, None)[0]


def day_in_address(url: str) -> str | None:
    """The day (`2024-03-29`) that a path names; None where it names none.

    /2024/03/29/, /2024/mar/29/, /20240329/, /fire-2024-03-29.html, /2024/0329/: year, month and day beside each other.
    """
    hit = IN_ADDRESS.search(re.split(r"[?#]", url, maxsplit=1)[0].lower())
    if hit is None:
        return None
    year, month, day = (hit[part] or hit[f"{part}_too"] for part in ("year", "month", "day"))
    try:
        return date(int(year), MONTHS[month] if month.isalpha() else int(month), int(day)).isoformat()
    except (KeyError, ValueError):  # no month, 31 February
        return None


def _first_time(text: str, language: str | None) -> tuple[datetime | None, str | None]:
    if EPOCH.fullmatch(text.strip()):
        return datetime.fromtimestamp(int(text.strip()[:10]), UTC), text.strip()
    shown = unicodedata.normalize("NFC", text[:LOOK_AT]).replace("\xa0", " ").replace("\u202f", " ")
    lower = shown.lower()
    if len(lower) != len(shown):  # "İ" in lower case is two signs
        shown = lower
    lower = lower.translate(DIGITS)
    is_day_first = language is not None and language.partition("-")[0] not in BOTH_WAYS
    iso = _compiled(FORMS[0]).match(lower)  # as most times of pages; all forms take five times as long
    if iso is None and not FIGURE.search(lower):
        return None, None
    days = [iso] if iso else [day for form in FORMS if (day := _compiled(form).search(lower))]
    hits = [(day, clock) for day in days if (clock := _compiled(CLOCK).match(lower, day.end()))]  # it may be empty
    for day, clock in sorted(hits, key=lambda hit: (hit[0].start(), -hit[1].end())):
        part = day.groupdict() | clock.groupdict()
        start = day.start()
        before = None
        if _lacks_clock(part):
            before = _compiled(CLOCK_BEFORE).search(lower[max(0, start - CLOCK_LENGTH) : start])
        if before is not None:
            part |= before.groupdict()
            start -= len(before[0])
        moment = _moment(part, is_day_first=is_day_first)
        if moment is not None:
            return moment, shown[start : clock.end()].strip()
    return None, None


def _lacks_clock(part: dict[str, str | None]) -> bool:
    return part["hour"] is None and part.get("time") is None


def _moment(part: dict[str, str | None], *, is_day_first: bool) -> datetime | None:
    day, month, year = part.get("day"), part.get("month"), part.get("year")
    name, short_year = part.get("name"), part.get("short_year")
    if name:
        month = str(MONTHS[name])
    elif part.get("either"):
        day, month = part["either"], part["other"]
        if day is None or month is None:
            return None
        if not is_day_first and int(day) <= 12 and int(month) <= 12 and int(day) != int(month):
            return None
        if int(month) > 12:
            day, month = month, day
    if short_year:
        year = f"20{short_year}"
    if day is None or month is None or year is None:
        return None
    clock = part.get("time")
    hour, minute, second = map(int, clock.split(":") if clock else (part[name] or 0 for name in CLOCK_PARTS))
    if part["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if part["half"] == "p" else 0)
    try:
        zone = _zone(part.get("letters") or part["zone"])
        return datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=zone)
    except ValueError:  # 31 February
        return None


def _zone(printed: str | None) -> timezone:
    letters = UTC_PLUS.sub("", (printed or "").strip("() "))
    if not letters or letters in UNSURE_ZONES:
        return UTC
    if letters in ZONES:
        return timezone(timedelta(hours=ZONES[letters]))
    if letters[0] not in "+-":
        return UTC
    digits = letters[1:].replace(":", "")
    digits = digits.zfill(2 if len(digits) < 3 else 4).ljust(4, "0")  # 7, 07, 0700, 530
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if letters[0] == "-" else offset)
