import pytest

from pipeline.kernels.language import language, line_language
from pipeline.kernels.lines import Line

ENGLISH = "The county council voted on Monday night to close the old bridge over the Arle for three weeks."
GERMAN = "Der Kreistag hat am Montagabend beschlossen, die alte Brücke über die Arle für drei Wochen zu sperren."


def lines(*texts):
    return [Line(number, text) for number, text in enumerate(texts, 1)]


@pytest.mark.parametrize(("declared", "code"), [("en-US", "en"), ("DE_at", "de"), (" fr ", "fr"), ("zh-Hans-CN", "zh")])
def test_a_declared_language_is_believed(declared, code):
    assert language(declared, lines(GERMAN)) == code


@pytest.mark.parametrize("declared", [None, "", "x-default", "english", "123"])
def test_otherwise_the_prose_tells(declared):
    assert language(declared, lines("Home", "Sport", GERMAN)) == "de"
    assert language(declared, lines("Startseite", "Sport", ENGLISH)) == "en"


@pytest.mark.parametrize("page", [lines(), lines("Home", "Ana Petrova"), lines(ENGLISH.upper())])
def test_too_little_text_to_judge_by_gives_none(page):
    assert language(None, page) is None


def test_the_order_of_the_lines_does_not_matter():
    assert language(None, lines(ENGLISH, GERMAN + GERMAN)) == language(None, lines(GERMAN + GERMAN, ENGLISH)) == "de"


@pytest.mark.parametrize(
    ("text", "article", "code"),
    [
        ("다리 위의 시장(사진=아를 신문)", "en", "ko"),
        ("다리 위의 시장(사진=아를 신문)", "ko", None),
        ("市長は橋を閉鎖すると発表した", "en", "ja"),
        ("橋を閉鎖すると発表した", "ja", None),
        ("市长宣布大桥将关闭三周", "ja", None),
        ("市长宣布大桥将关闭三周", None, "zh"),
        ("ราชการปิดสะพาน", "en", "th"),
        ("The mayor (시장) spoke", "en", None),
        (ENGLISH, "de", None),
    ],
)
def test_a_line_in_another_script_is_named(text, article, code):
    assert line_language(text, article) == code
