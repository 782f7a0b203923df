import pytest

from pipeline.kernels.identity import article_key, bare_url, folder_outlet, host_of, outlet_name


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.arle.example/bridge", "arle.example"),
        ("http://m.arle.example:8080/", "arle.example"),
        ("https://amp.www.arle.example/", "arle.example"),
        ("https://News.Arle.example./a", "news.arle.example"),
        ("https://m.example/", "m.example"),
        ("https://user:secret@arle.example/", "arle.example"),
        ("ftp://arle.example/", None),
        ("/bridge", None),
        ("https://[", None),
        ("https://", None),
        (None, None),
    ],
)
def test_the_host_is_the_papers_own(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://arle.example/a?id=7&utm_source=x&UTM_medium=y#top", "https://arle.example/a?id=7"),
        ("https://arle.example/a?fbclid=1", "https://arle.example/a"),
        ("https://arle.example/a?b=%20&c", "https://arle.example/a?b=%20&c"),
        ("https://arle.example/a?utmost=1", "https://arle.example/a?utmost=1"),
    ],
)
def test_only_fragment_and_tracking_leave_an_address(url, bare):
    assert bare_url(url) == bare
    assert bare_url(bare) == bare


@pytest.mark.parametrize(
    ("path", "outlet"),
    [
        ("arle.example/2026/11-17/a.txt", "arle.example"),
        ("papers/arle/2026_11/a.txt", "arle"),
        ("2026/a.txt", None),
        ("a.txt", None),
    ],
)
def test_the_nearest_folder_that_is_no_date_is_the_outlet(path, outlet):
    assert folder_outlet(path) == outlet


def test_what_the_record_says_goes_before_its_address_and_its_folder():
    assert outlet_name(" Arle Courier ", "https://coast.example/", "x/a.txt") == "Arle Courier"
    assert outlet_name(" ", "https://coast.example/", "x/a.txt") == "coast.example"
    assert outlet_name(None, "no address", "x/a.txt") == "x"
    assert article_key("7", "https://coast.example/", "x/a.jsonl", 3) == "7"
    assert article_key(None, "https://coast.example/#a", "x/a.jsonl", 3) == "https://coast.example/"
    assert article_key(None, None, "x/a.jsonl", 3) == "x/a.jsonl#3"
    assert article_key(None, None, "x/a.txt", None) == "x/a.txt"
