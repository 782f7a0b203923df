"""News agencies as they sign: alone in a byline, in brackets at the end of a paragraph.

A list of its own beside configs/wire.toml, which says where a text comes from and is the user's to change: the exact
key of a paragraph, and with it every paragraph_id, hangs on these names, and `extract` knows no setting of `dedup`. A
test holds each of them to be a name of an agency there.
"""

AGENCIES = frozenset((
    "ap", "associated press", "the associated press", "reuters", "thomson reuters", "afp", "agence france-presse",
    "dpa", "deutsche presse-agentur", "sid", "sport-informations-dienst", "epd", "kna", "apa", "sda", "keystone-sda",
    "pa", "pa media", "press association", "efe", "europa press", "ansa", "adnkronos", "agi", "anp", "belga", "ntb",
    "tt", "ritzau", "stt", "pap", "čtk", "interfax", "tass", "ria novosti", "anadolu ajansı", "anadolu agency", "aa",
    "dha", "iha", "xinhua", "kcna", "kyodo", "kyodo news", "jiji", "jiji press", "yonhap", "yonhap news agency",
    "bernama", "antara", "ani", "pti", "ians", "aap", "upi", "bloomberg", "the canadian press", "canadian press",
    "lusa", "中央社", "新华社", "共同通信", "時事通信", "연합뉴스",
))  # fmt: skip
