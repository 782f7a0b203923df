import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.charset import Decoded, Undecodable, decoded

STORIES = {
    "cp1252": [
        "Le maire a annoncé jeudi que la crèche serait rénovée à l’été. « C’est un projet attendu », a-t-il dit.\n",
        "Der Bürgermeister kündigte am Donnerstag an, dass die Straße gesperrt wird. „Das ist ärgerlich“, sagte er.\n",
        "El alcalde anunció el jueves que la campaña empezará mañana. ¿Será así? «Sí», respondió.\n",
        "O prefeito anunciou que as ações começarão amanhã, após a reunião. Não há decisão.\n",
        "Borgmesteren sagde torsdag, at broen over åen først åbner næste år. Det ærgrer købmændene.\n",
        "The mayor said: “We’ll rebuild the bridge — all of it.” It costs £3 million.\n",
    ],
    "iso8859-2": [
        "Burmistrz ogłosił w czwartek, że most zostanie zamknięty na trzy tygodnie. Mieszkańcy są źli.\n",
        "Starosta ve čtvrtek oznámil, že most bude uzavřen na tři týdny. Obyvatelé jsou rozzlobení, říká úřad.\n",
        "A polgármester csütörtökön bejelentette, hogy a hidat három hétre lezárják. Az őszi felújítás költsége nő.\n",
    ],
    "cp1250": ["Burmistrz ogłosił w czwartek, że most zostanie zamknięty na trzy tygodnie. Mieszkańcy są źli.\n"],
    "cp1254": ["Belediye başkanı perşembe günü köprünün üç hafta kapalı kalacağını açıkladı. Işıklar söndü.\n"],
    "cp1251": ["Мэр объявил в четверг, что мост закроют на три недели. Жители «Речного» недовольны, сообщает РИА.\n"],
    "koi8-r": ["Мэр объявил в четверг, что мост закроют на три недели. Жители недовольны, сообщает агентство.\n"],
    "cp1253": ["Ο δήμαρχος ανακοίνωσε την Πέμπτη ότι η γέφυρα θα κλείσει για τρεις εβδομάδες.\n"],
    "euc-kr": ["시장은 목요일 다리가 3주 동안 폐쇄된다고 발표했다. 주민들은 불만을 표시했다고 KBS가 보도했다.\n"],
    "shift_jis": ["市長は木曜日、橋を三週間閉鎖すると発表した。住民からは不満の声が上がっている。NHKが伝えた。\n"],
    "euc_jp": ["市長は木曜日、橋を三週間閉鎖すると発表した。住民からは不満の声が上がっている。NHKが伝えた。\n"],
    "iso2022_jp": ["市長は木曜日、橋を三週間閉鎖すると発表した。住民からは不満の声が上がっている。NHKが伝えた。\n"],
    "gb18030": ["市长周四宣布,大桥将关闭三周。居民表示不满,新华社报道。大桥的修复费用估计为三百万。\n"],
    "big5": ["市長週四宣布,大橋將關閉三週。居民表示不滿,中央社報導。大橋的修復費用估計為三百萬。\n"],
    "cp874": ["นายกเทศมนตรีประกาศเมื่อวันพฤหัสบดีว่าสะพานจะปิดเป็นเวลาสามสัปดาห์ ชาวบ้านไม่พอใจ\n"],
    "cp1255": ["ראש העיר הודיע ביום חמישי כי הגשר ייסגר לשלושה שבועות. התושבים אינם מרוצים.\n"],
    "cp1256": ["أعلن رئيس البلدية يوم الخميس أن الجسر سيغلق لمدة ثلاثة أسابيع. السكان غير راضين.\n"],
    "utf-16": ["The mayor said the bridge would close for three weeks.\n", "市長は木曜日、橋を閉鎖すると発表した。\n"],
    "utf-16-le": ["The mayor said the bridge would close for three weeks.\n"],
    "utf-8-sig": ["Le maire a annoncé jeudi que la crèche serait rénovée.\n"],
}


@pytest.mark.parametrize(("charset", "story"), [(name, story) for name, all_ in STORIES.items() for story in all_])
def test_an_article_of_normal_length_reads_right_without_a_declaration(charset, story):
    found = decoded((story * 8).encode(charset))
    assert isinstance(found, Decoded)
    assert found.text == story * 8


@pytest.mark.parametrize(
    ("raw", "charset", "how"),
    [
        ("Café".encode(), "utf-8", "utf-8"),
        (codecs.BOM_UTF8 + b"plain", "utf-8", "bom"),
        (codecs.BOM_UTF16_LE + "plain".encode("utf-16-le"), "utf-16-le", "bom"),
        ('<meta charset="windows-1251"><p>Мэр'.encode("cp1251"), "cp1251", "declared"),
        ('<meta content="text/html; charset=EUC-KR"><p>시장은'.encode("euc-kr"), "cp949", "declared"),
        ('<?xml version="1.0" encoding="iso-8859-1"?><p>Café'.encode("latin-1"), "cp1252", "declared"),
        ('<meta charset="utf-8"><p>Un café très serré'.encode("cp1252"), "cp1252", "detected"),
        ('<meta charset="no-such"><p>Un café très serré'.encode("cp1252"), "cp1252", "detected"),
    ],
)  # fmt: skip
def test_the_charset_and_what_told_it_are_recorded(raw, charset, how):
    found = decoded(raw, markup=True)
    assert isinstance(found, Decoded)
    assert (found.charset, found.how) == (charset, how)


def test_a_declaration_in_plain_text_is_text():
    assert decoded(b'The page said <meta charset="cp1251"> caf\xe9 au lait').text.endswith("café au lait")


GOOD = "Le maire a annoncé jeudi que la crèche serait rénovée à l’été.".encode()


@pytest.mark.parametrize(
    "raw",
    [
        GOOD[:30] + b"\xff" + GOOD[30:],
        GOOD + b"\xc3",
        GOOD + b" et le caf\xe9",
        codecs.BOM_UTF8 + b"caf\xe9",
        codecs.BOM_UTF16_LE + b"\x00\xd8 a",
        b"The council voted \xff\xfe on Monday to close the bridge.\n" * 3,
        b"The mayor\xff said the bridge was closed.",
        b"The may\x81or said the bridge was closed.",
        b"The bridge \x8f\x9d\x81 was closed.",
        b"plain text with \xf0\x9f half an emoji",
        b"The council\xb7\xb7\xa4voted \xa4\xa6\xd7z on Monday.",
    ],
)
def test_damaged_bytes_are_refused_never_replaced(raw):
    found = decoded(raw)
    assert isinstance(found, Undecodable)
    assert found.reason == "bad_encoding"


@pytest.mark.parametrize(
    "raw",
    [
        b"The mayor\0 said",
        bytes(range(1, 30)),
        b"%PDF-1.7\nThe mayor said",
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04zip",
        "The mayor\0 said".encode("utf-16"),
        b"a\x01b\x02c\x03d\x04e",
    ],
)
def test_what_is_no_text_is_binary(raw):
    found = decoded(raw)
    assert isinstance(found, Undecodable)
    assert found.reason == "binary"


@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace") + b"\xe9"))
)
def test_any_bytes_give_a_text_without_replacement_or_a_reason(raw):
    found = decoded(raw)
    if isinstance(found, Undecodable):
        assert found.reason in ("binary", "bad_encoding")
    else:
        assert raw.removeprefix(codecs.BOM_UTF8).decode(found.charset).removeprefix("\ufeff") == found.text


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=200))
def test_utf_8_is_always_read_as_it_is(text):
    if text.encode().startswith((codecs.BOM_UTF8, b"%PDF-", b"PK\x03\x04", b"GIF8", b"{\\rtf")):
        return
    assert decoded(text.encode()) == Decoded(text, "utf-8", "utf-8")


def test_halves_of_surrogate_pairs_are_damage_and_not_letters_of_another_charset():
    answer = decoded(b"The board met. \xed\xa0\xbd\xed\xb8\x80 The talks go on.")

    assert (answer.reason, answer.detail) == ("bad_encoding", "damaged UTF-8: invalid continuation byte at byte 15")
