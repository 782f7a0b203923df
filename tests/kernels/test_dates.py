from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.dates import day_in_address, published, stated_time

AS_OF = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment", "printed"),
    [
        ("2024-03-29", "2024-03-29 00:00", None),
        ("2024-03-29T10:00:00+09:00", "2024-03-29 01:00", None),
        ("2024-03-29T10:00:00.000Z", "2024-03-29 10:00", None),
        ("2024-03-29T10:00:00+0000", "2024-03-29 10:00", None),
        ("1999-12-31T23:59-0330", "2000-01-01 03:29", None),
        ("20240329", "2024-03-29 00:00", None),
        ("Fri, 29 Mar 2024 10:00:00 -0500", "2024-03-29 15:00", None),
        ("Fri, 29 Mar 2024 10:00:00 GMT", "2024-03-29 10:00", None),
        ("Thu Mar 28 10:00:00 EDT 2024", "2024-03-28 14:00", None),
        ("Feb 16, 2024 10:28 AM", "2024-02-16 10:28", None),
        ("Fri Mar 29 2024", "2024-03-29 00:00", None),
        ("29 March 2024", "2024-03-29 00:00", None),
        ("Last Updated: March 29th, 2024 at 5:07 p.m. EDT", "2024-03-29 21:07", "March 29th, 2024 at 5:07 p.m. EDT"),
        ("Published 5 May 2024 6.30pm BST by Ana Petrova", "2024-05-05 17:30", "5 May 2024 6.30pm BST"),
        ("MARCH 29, 2024 – 12:28 AM ET", "2024-03-29 00:28", None),
        ("12 Oct 2023 | 07:15 AM IST", "2023-10-12 07:15", None),
        ("Freitag, 29. März 2024, 10.28 Uhr", "2024-03-29 10:28", None),
        ("29.03.2024 - 10:28", "2024-03-29 10:28", None),
        ("29 de marzo de 2024 a las 10:28", "2024-03-29 10:28", None),
        ("Le 1er mars 2024 à 10h28", "2024-03-01 10:28", "1er mars 2024 à 10h28"),
        ("2024年3月29日", "2024-03-29 00:00", None),
        ("2024년 3월 29일 10:28", "2024-03-29 10:28", None),
        ("29/03/2024", "2024-03-29 00:00", None),
        ("3/29/2024", "2024-03-29 00:00", None),
        ("04/04/2024", "2024-04-04 00:00", None),
        ("Sept.\xa03, 2023", "2023-09-03 00:00", "Sept. 3, 2023"),
        ("11:00 AM PDT • May 16, 2024", "2024-05-16 18:00", None),
        ("10.28 Uhr, 29. März 2024", "2024-03-29 10:28", None),
        ("Thứ tư, 22/10/2025, 19:25 (GMT+7)", "2025-10-22 12:25", "22/10/2025, 19:25 (GMT+7)"),
        ("29 March 2024 10:28 UTC-03:30", "2024-03-29 13:58", None),
        ("ngày 29 tháng 3 năm 2024", "2024-03-29 00:00", "29 tháng 3 năm 2024"),
        ("29 maart 2024 om 10:28", "2024-03-29 10:28", None),
        ("29 Mart 2024, 10:28", "2024-03-29 10:28", None),
        ("Publicerad 23 okt 2025 kl 10.23", "2025-10-23 10:23", "23 okt 2025 kl 10.23"),
        ("lørdag 29. marts 2025 kl. 10:28", "2025-03-29 10:28", None),
        ("29. mars 2024 klo 10.28", "2024-03-29 10:28", None),
        ("29. maaliskuuta 2024", "2024-03-29 00:00", None),
        ("29 marca 2024 r. o godz. 10:28", "2024-03-29 10:28", None),
        ("29. března 2024 v 10:28", "2024-03-29 10:28", None),
        ("29 martie 2024, 10:28", "2024-03-29 10:28", None),
        ("2024. március 29. 10:28", "2024-03-29 10:28", None),
        ("Jumat, 29 Maret 2024 10:28 WIB", "2024-03-29 03:28", None),
        ("29 марта 2024 года, 10:28", "2024-03-29 10:28", None),
        ("29 березня 2024 р. о 10:28", "2024-03-29 10:28", None),
        ("29 Μαρτίου 2024, 10:28", "2024-03-29 10:28", None),
        ("२९ मार्च 2024", "2024-03-29 00:00", None),
        ("الجمعة ٢٩ مارس ٢٠٢٤ - 10:28", "2024-03-29 10:28", "٢٩ مارس ٢٠٢٤ - 10:28"),
        ("2024. 3. 29. 10:28", "2024-03-29 10:28", None),
        ("2024. 3. 29. 오전", "2024-03-29 00:00", "2024. 3. 29"),
        ("２０２４年３月２９日", "2024-03-29 00:00", None),
        ("15.10.24 23:35", "2024-10-15 23:35", None),
        (" 25.4.24", "2024-04-25 00:00", "25.4.24"),
    ],
)
def test_printed_forms_are_read_with_their_zone(text, moment, printed):
    assert published(text, AS_OF) == (
        datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=UTC),
        text if printed is None else printed,
    )


@pytest.mark.parametrize(
    "text",
    ["", "By Ana Petrova", "03/04/2024", "31 Feb 2024", "May 2024", "Version 2024.13.1", "120240329", "29 March",
     "13:45", "The 2024 harbour fire", "2024-03-290", "Version 2.4.10", "10.10.10.10", "1.2.24 is out"],
)  # fmt: skip
def test_what_is_no_day_or_two_gives_none(text):
    assert published(text, AS_OF) == (None, None)


@pytest.mark.parametrize("text", ["March 29, 2034", "Jan 1, 1970", "1989-12-31", "2026-11-24"])
def test_a_day_that_cannot_be_is_kept_as_text_only(text):
    assert published(text, AS_OF) == (None, text)


def test_a_clock_ahead_of_ours_by_up_to_a_day_is_believed():
    assert published("2026-11-23 12:00", AS_OF)[0] == AS_OF + timedelta(days=1)
    assert published("2026-11-23 12:01", AS_OF)[0] is None


@pytest.mark.parametrize(
    ("language", "day"),
    [("es", "2024-04-03"), ("pt-BR", "2024-04-03"), ("vi", "2024-04-03"), ("en", None), ("en-GB", None), (None, None)],
)
def test_which_of_two_figures_is_the_month_is_a_matter_of_language(language, day):
    moment, _ = published("03/04/2024 10:28", AS_OF, language)
    assert (moment and moment.date().isoformat()) == day


def test_the_stated_time_keeps_its_zone():
    assert stated_time("2024-03-29T00:30:00+09:00").isoformat() == "2024-03-29T00:30:00+09:00"
    assert stated_time("29 March 2024").isoformat() == "2024-03-29T00:00:00+00:00"
    assert stated_time("soon") is None


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/2024/03/29/fire", "2024-03-29"),
        ("/world/2024/mar/29/fire", "2024-03-29"),
        ("/fire-2024-03-29.html", "2024-03-29"),
        ("/20240329/11588570/fire", "2024-03-29"),
        ("/n1/2024/0329/c1001-40223222.html", "2024-03-29"),
        ("/2024/3/9/fire", "2024-03-09"),
        ("/2024/31/12/", None),
        ("/2024/02/31/", None),
        ("/2024/foo/12/", None),
        ("/fire-20240329105634-nt.html", None),
        ("/2024/03", None),
        ("/fire?day=2024-03-29", None),
        ("/fire#2024-03-29", None),
    ],
)
def test_the_day_in_an_address(path, day):
    assert day_in_address(f"https://arle.example{path}") == day


zones = st.integers(-11 * 60, 13 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1990, 1, 3), datetime(2026, 11, 20), timezones=zones))
def test_every_iso_time_comes_back(moment):
    moment = moment.replace(microsecond=0)
    assert published(moment.isoformat(), AS_OF) == (moment.astimezone(UTC), moment.isoformat())


@given(st.dates(datetime(1990, 1, 2).date(), datetime(2026, 11, 20).date()), st.sampled_from(
    ["%d %B %Y", "%B %d, %Y", "%a %b %d %Y", "%A, %d. %b %Y", "%Y/%m/%d", "%d.%m.%Y"]))  # fmt: skip
def test_every_day_comes_back_from_every_form(day, form):
    assert published(f"Updated {day.strftime(form)}", AS_OF)[0].date() == day


@given(st.text(max_size=400))
def test_any_text_is_safe(text):
    day_in_address(text)
    moment, printed = published(text, AS_OF)
    assert moment is None or printed
