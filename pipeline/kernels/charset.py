"""Bytes -> text: byte order mark, strict UTF-8, the declared charset, a detector, cp1252. Nothing is ever replaced.

What decodes without an error may still be wrong: every answer but UTF-8 must also look like words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

BOMS = (  # UTF-32 before UTF-16: its mark begins with the same two bytes
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
OTHER_FORMATS = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"{\\rtf",
    b"\x28\xb5\x2f\xfd",
)
DECLARED_WITHIN = 4096  # bytes; browsers look at 1,024, but long heads come first on many news pages
DECLARATION = re.compile(
    rb"""<meta[^>]{0,400}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,40})|"""
    rb"""<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{2,40})""",
    re.IGNORECASE,
)
# What a page calls its charset -> the Python codec that reads what such pages hold (WHATWG encoding standard).
CODECS = {
    "utf-8": "utf-8", "utf8": "utf-8",
    "ascii": "cp1252", "us-ascii": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252", "windows-1252": "cp1252", "cp1252": "cp1252", "iso-8859-15": "iso8859-15",
    "iso-8859-2": "iso8859-2", "latin2": "iso8859-2", "windows-1250": "cp1250", "cp1250": "cp1250",
    "iso-8859-9": "cp1254", "latin5": "cp1254", "windows-1254": "cp1254",
    "iso-8859-13": "iso8859-13", "iso-8859-4": "iso8859-4", "windows-1257": "cp1257",
    "iso-8859-5": "iso8859-5", "windows-1251": "cp1251", "cp1251": "cp1251", "koi8-r": "koi8-r", "koi8-u": "koi8-u",
    "iso-8859-7": "iso8859-7", "windows-1253": "cp1253", "iso-8859-8": "iso8859-8", "windows-1255": "cp1255",
    "iso-8859-6": "iso8859-6", "windows-1256": "cp1256", "windows-1258": "cp1258",
    "tis-620": "cp874", "iso-8859-11": "cp874", "windows-874": "cp874",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "korean": "cp949", "cp949": "cp949", "windows-949": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "euc-jp": "euc_jp", "x-euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb18030": "gb18030",
    "big5": "big5hkscs", "x-x-big5": "big5hkscs", "big5-hkscs": "big5hkscs",
}  # fmt: skip

# Letters beyond ASCII of languages in Latin script: which of the Latin charsets makes words of the bytes.
LETTERS = {
    "cp1252": (
        "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíóúñüç·", "ãáàâçéêíóôõúü", "àèéìíîòóù", "åæøéèêóòâôü", "åäöéü", "áðéíóúýþæö",
        "éëïóöüáèêà", "àçèéíïòóúü·", "âêîôûŵŷëïöáä",
    ),
    "cp1250": ("ąćęłńóśźżé", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţéșț", "čćđšžé", "ëçé"),
    "iso8859-2": ("ąćęłńóśźżé", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšžé"),
    "cp1254": ("çğıöşüâîûi\u0307",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņōŗšūž", "äõöüšž"),
}  # fmt: skip
ONE_LETTER_WORDS = frozenset("àáâãäåæèéêìíòóôöøùúüçňžšč")
OTHER_SCRIPTS = [
    "cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp1253", "iso8859_7", "cp1255", "cp1256", "cp874",
    "cp949", "cp932", "euc_jp", "gb18030", "big5", "cp1258",
]  # fmt: skip
PUNCTUATION = frozenset("‘’‚‛“”„‟‹›«»–—―‐‑…•·¡¿§¶†‡°ºª€£¥¢©®™¹²³¼½¾×÷−±´¨¸·№’`")
SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|"
    rb"\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)  # well-formed UTF-8 beyond ASCII (Unicode standard, table 3-7)
SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")  # half of a pair, written as if it were a character (CESU-8)
HIGH = re.compile(rb"[\x80-\xff]")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# Languages in Latin script have no words of two letters and more without one of a to z.
WORD_BEYOND_ASCII = re.compile(r"(?<![^\W\d_])[^\W\d_\x00-\x7f]{2,30}(?![^\W\d_])")
CONTROLS = bytes((*range(0x01, 0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F))
EDGE = re.compile(rb"[\n<>]")  # of a piece of text; pieces of ASCII, tags among them, tell nothing
MIN_OWN_SHARE = 0.3  # of the letters, for a charset of another script
SAMPLE_BYTES = 10_000  # what the detector sees: it takes 10 to 30 ms for these
NOISE_SHARE = 0.01  # of control characters; a stray one or two are met in real pages
ODD_CHARACTERS = 50_000  # of the text that are looked at: 0.15 s where all are beyond ASCII
ODD_SHARE = 0.1  # of characters beyond ASCII that stand where no word has them


@dataclass(frozen=True)
class Decoded:
    """A text, the Python name of the charset it was read with, and what told it.

    `how` is bom, utf-8, declared, detected, cp1252 or record.
    """

    text: str
    charset: str
    how: str

    @cached_property
    def utf8(self) -> bytes:
        """The text in UTF-8: bytes are searched, and parsed, in less time than text beyond ASCII."""
        return self.text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Undecodable:
    """No text: `reason` is `binary` or `bad_encoding`."""

    reason: str
    detail: str


def decoded(raw: bytes, *, declared: str | None = None, markup: bool = False) -> Decoded | Undecodable:
    """The text of the bytes, or why there is none. With `markup` a declaration inside the page counts as well."""
    for bom, charset in BOMS:
        if raw.startswith(bom):
            text = _strict(raw[len(bom) :], charset)
            if text is None:
                return Undecodable("bad_encoding", f"a byte order mark of {charset}, but not valid {charset}")
            return checked(Decoded(text, charset, "bom"))
    if raw.startswith(OTHER_FORMATS):
        return Undecodable("binary", f"begins like another format: {raw[:8]!r}")
    if b"\0" in raw:
        wide = _unmarked_utf16(raw)
        return Undecodable("binary", f"NUL byte at {raw.index(0)}") if wide is None else checked(wide)
    if b"\x1b$" in raw and (text := _strict(raw, "iso2022_jp")) is not None:
        return checked(Decoded(text, "iso2022_jp", "detected"))
    if (text := _strict(raw, "utf-8")) is not None:
        return checked(Decoded(text, "utf-8", "utf-8"))
    if trouble := _damaged_utf8(raw):
        return trouble
    for charset, how in _candidates(raw, declared, markup):
        text = _strict(raw, charset)
        found = None if text is None else Decoded(text, charset, how)
        if found and not _is_noise(found) and _odd_share(found.text[:ODD_CHARACTERS]) <= ODD_SHARE:
            return found
    first = HIGH.search(raw)
    return Undecodable("bad_encoding", f"no charset makes words of the bytes from {first.start() if first else 0} on")


def checked(found: Decoded) -> Decoded | Undecodable:
    """The same, unless the text holds NUL or is full of control characters: then it is binary."""
    if b"\0" in found.utf8:
        return Undecodable("binary", f"NUL character at {found.text.index(chr(0))}")
    if _is_noise(found):
        return Undecodable("binary", "full of control characters")
    return found


def _is_noise(found: Decoded) -> bool:
    n_controls = len(found.utf8) - len(found.utf8.translate(None, CONTROLS))
    return n_controls > 2 and n_controls > NOISE_SHARE * len(found.text)


def _strict(raw: bytes, charset: str) -> str | None:
    try:
        return raw.decode(charset)
    except UnicodeDecodeError:
        return None


def _unmarked_utf16(raw: bytes) -> Decoded | None:
    """UTF-16 of mostly Latin text has a NUL in every second byte, and always on the same side."""
    even, odd = raw[0::2].count(0), raw[1::2].count(0)
    for near, far, charset in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if near > 0.2 * len(raw) and far < 0.01 * len(raw) and (text := _strict(raw, charset)) is not None:
            return Decoded(text, charset, "detected")
    return None


def _damaged_utf8(raw: bytes) -> Undecodable | None:
    """UTF-8 with holes: at least as many well-formed sequences as bytes that belong to none, or only halves of pairs.

    In other charsets well-formed sequences are accidents: in news in 17 of them, at most one to four bytes of none.
    """
    rest, n_valid = SEQUENCE.subn(b"", raw)
    n_junk = sum(1 for _ in HIGH.finditer(rest))
    if n_valid < n_junk and HIGH.search(SURROGATE.sub(b"", rest)):
        return None
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return Undecodable("bad_encoding", f"damaged UTF-8: {error.reason} at byte {error.start}")
    return None


def _candidates(raw: bytes, declared: str | None, markup: bool) -> Iterable[tuple[str, str]]:
    named = declared
    if named is None and markup and (found := DECLARATION.search(raw[:DECLARED_WITHIN])):
        named = (found[1] or found[2]).decode("ascii")
    charset = CODECS.get((named or "").strip().lower())
    if charset is not None and charset != "utf-8":
        yield charset, "declared"
    yield from ((charset, "detected") for charset in _detected(raw))
    yield "cp1252", "cp1252"


def _detected(raw: bytes) -> list[str]:
    """Charsets worth a try, the likeliest first.

    Charsets of Latin script differ in few letters, which mislead a detector: there the alphabets decide.
    """
    from charset_normalizer import from_bytes

    sample = b"\n".join(piece for piece in EDGE.split(raw[: 20 * SAMPLE_BYTES]) if HIGH.search(piece))[:SAMPLE_BYTES]
    misfit, latin = _latin_charsets(sample)
    n_high = sum(1 for _ in HIGH.finditer(sample))
    if misfit <= ODD_SHARE and n_high < len(sample) / 2:
        return latin
    matches = from_bytes(sample, cp_isolation=OTHER_SCRIPTS, threshold=0.3, preemptive_behaviour=False)
    charsets = [CODECS.get(match.encoding.replace("_", "-"), match.encoding) for match in matches]
    return [*(charset for charset in charsets if _is_in_use(sample, charset)), *latin]


def _is_in_use(sample: bytes, charset: str) -> bool:
    """The charset's own script makes up a part of the letters: a lone Han sign in English is a cut emoji."""
    text = _strict(sample, charset) or _strict(sample[:-1], charset) or ""  # the cut may halve a character
    n_letters = sum(map(str.isalpha, text))
    n_own = sum(character.isalpha() and not character.isascii() for character in text)
    return n_own >= MIN_OWN_SHARE * n_letters > 0


def _latin_charsets(sample: bytes) -> tuple[float, list[str]]:
    """The share of letters beyond ASCII that no language explains, and the charsets by it, the best first."""
    ranked = []
    for place, (charset, alphabets) in enumerate(LETTERS.items()):
        text = _strict(sample, charset)
        if text is not None:
            high = [sign.lower() for sign in text if sign > "\x7f" and sign not in PUNCTUATION and not sign.isspace()]
            fit = max(sum(sign in alphabet for sign in high) for alphabet in alphabets)
            ranked.append((1 - fit / len(high) if high else 0.0, place, charset))
    ranked.sort()
    return (ranked[0][0] if ranked else 1.0), [charset for _, _, charset in ranked]


def _odd_share(text: str) -> float:
    """Share of the characters beyond ASCII that stand where no word has them, 0 to 1."""
    n_high = n_odd = 0
    for found in BEYOND_ASCII.finditer(text):
        n_high += 1
        at = found.start()
        n_odd += _is_odd(text[at - 1 : at] if at else "", found[0], text[at + 1 : at + 2])
    for found in WORD_BEYOND_ASCII.finditer(text):
        n_odd += len(found[0]) * all("LATIN" in unicodedata.name(sign, "") for sign in found[0])
    return n_odd / n_high if n_high else 0.0


def _is_odd(before: str, sign: str, after: str) -> bool:
    if sign in PUNCTUATION or sign.isspace():
        return False
    category = unicodedata.category(sign)
    if category[0] == "C":
        return True
    if category[0] == "M":
        return not before.strip()
    if category[0] != "L":
        return sign < "\u0300" or (before.isalpha() and after.isalpha())  # Latin-1 signs that news does not print
    if "LATIN" in unicodedata.name(sign, ""):
        if not (before.isalpha() or after.isalpha()):
            return sign.lower() not in ONE_LETTER_WORDS
        if sign in "ÿþÞ" and not after.isalpha():
            return True  # bytes FF and FE: junk far more often than letters, which stand inside words
        return sign.isupper() and before.islower()
    if "\uff61" <= sign <= "\uff9f":
        return True  # half-width kana: what the Japanese charsets make of any byte
    # Han, kana and Hangul stand beside Latin letters every day; Cyrillic and Greek do not.
    return category != "Lo" and any(near.isascii() and near.isalpha() for near in (before, after))
