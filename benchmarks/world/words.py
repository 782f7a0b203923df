"""The world's words: lists of our own, and the forms made from them.

English stems give some 2,400 forms; names of places, firms and people are put together from syllables. A word is drawn
from an urn, in which the n-th word of a list lies 1/(n + FLAT) times (Zipf-Mandelbrot), so the order of a list matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random


def spaced(words: str) -> list[str]:
    """The words between white space."""
    return words.split()


def listed(names: str) -> list[str]:
    """The names between commas, white space as one space."""
    return [" ".join(name.split()) for name in names.split(",")]


def paired(words: str) -> dict[str, str]:
    """What stands before a colon: what stands behind it, with spaces for `_`."""
    return {one: other.replace("_", " ") for one, other in (pair.split(":") for pair in words.split())}


URN = 4096  # slots of an urn: the last word of a list still has one
FLAT = 12  # rules bring the frequent words of a text; with 0 a third of all nouns were the same

# Topics of stories: what happens, and the nouns it happens to.
TOPICS: dict[str, list[str]] = {
    "harbor": spaced("""
        ferry terminal dock vessel crane pier cargo channel crew tug berth anchor lighthouse tide hull shipyard
        customs pilot wharf dredger barge mooring quay trawler buoy container captain deckhand breakwater lock
    """),
    "courts": spaced("""
        court judge verdict appeal trial witness lawsuit sentence hearing prosecutor jury fine ruling charge lawyer
        statute warrant testimony defendant settlement claim bail prison tribunal magistrate plea clerk inquest
        damages custody
    """),
    "health": spaced("""
        hospital clinic vaccine patient nurse ward outbreak surgeon treatment ambulance pharmacy diagnosis dose
        infection therapist midwife laboratory symptom checkup donor transplant scanner hygiene recovery allergy
        paramedic bandage fever relapse screening
    """),
    "schools": spaced("""
        school teacher pupil classroom curriculum exam scholarship campus library lecture degree principal tuition
        kindergarten textbook semester dormitory graduate syllabus playground enrollment tutor homework professor
        faculty canteen timetable seminar diploma gymnasium
    """),
    "transport": spaced("""
        train railway station tunnel platform timetable locomotive signal tram bus commuter carriage fare passenger
        junction bridge viaduct driver conductor depot track detour roadwork intersection bypass ticket bicycle
        airport runway luggage
    """),
    "weather": spaced("""
        storm flood river dam levee forecast rainfall drought heatwave gale reservoir sandbag thunderstorm hail frost
        evacuation shelter landslide wildfire smoke satellite gauge torrent cyclone meteorologist snowfall blizzard
        meadow bank rescue
    """),
    "business": spaced("""
        company factory merger profit investor dividend takeover supplier retailer warehouse export tariff subsidy
        workforce shareholder revenue contract invoice loan bond bankruptcy franchise startup brand auditor payroll
        strike union overtime pension
    """),
    "politics": spaced("""
        parliament minister coalition ballot amendment referendum treaty opposition mandate senator constituency
        cabinet speech budget tax reform candidate voter alliance delegation summit sanction embassy negotiator veto
        decree chamber committee governor manifesto
    """),
    "science": spaced("""
        telescope asteroid satellite probe particle specimen fossil genome sensor microscope expedition glacier
        volcano theory orbit laser reactor isotope galaxy excavation climate species molecule experiment observatory
        drone algorithm battery antenna prototype
    """),
    "sport": spaced("""
        match goal coach striker keeper league season penalty stadium referee champion medal sprint relay tournament
        defender playoff overtime record fan qualifier captain injury transfer squad trophy rider pitcher marathon
        paddock
    """),
    "culture": spaced("""
        museum festival orchestra painting theater novel actor exhibition sculptor gallery audience premiere composer
        poet manuscript screenplay curator ballet cinema choir violin auction mural studio archive translation
        ensemble rehearsal opera sequel
    """),
    "farming": spaced("""
        farmer harvest orchard vineyard cattle tractor grain wheat fertilizer barn fishery dairy greenhouse irrigation
        seed pesticide livestock meadow poultry silo cooperative sheep beehive pasture plow mill crop veterinarian
        herd slaughterhouse
    """),
}  # fmt: skip

NOUNS: list[str] = spaced("""
    plan report decision project meeting agreement proposal question group measure number office problem system
    program street building village district council neighbor family worker resident official authority department
    member leader visitor owner expert engineer director board agency service price cost month cause result change
    delay review study survey rule permit site area region border coast valley island market center house home garden
    square tower wall roof gate road path corner field park forest hill lake shore winter summer autumn spring holiday
    weekend evening crowd volunteer partner neighborhood community association foundation institute ministry campaign
    protest petition complaint inquiry inspection repair renovation opening closure extension deadline target standard
    document letter statement speech interview figure estimate average majority minority share limit threshold quarter
    decade century anniversary ceremony tradition memory photograph picture map model machine engine pump pipe cable
    wire lamp window door floor ceiling kitchen basement elevator staircase corridor hall room table chair desk screen
    phone camera computer network signal message warning alarm fire accident collision explosion collapse leak spill
    crack fault defect weakness risk danger threat safety security guard officer patrol unit team company customer
    client tenant landlord builder carpenter plumber electrician gardener baker butcher fisherman sailor soldier
    student child parent grandmother cousin friend stranger traveler tourist guide guest host mayor spokesman
    historian economist biologist chemist geologist analyst adviser chairman deputy secretary treasurer founder
    inventor pioneer veteran survivor victim suspect detective inspector rumor secret surprise success failure victory
    defeat dispute conflict compromise truce promise offer bid auction sale purchase fee debt grant fund donation
    prize award bonus salary wage income expense saving deposit account bank insurer policy premium certificate
    license passport visa stamp parcel truck van car motorcycle helicopter airplane balloon canal harbor stream
    waterfall beach cliff cave desert mountain peak slope ridge trail fence hedge lawn flower tree branch leaf root
    bird horse dog cat fox wolf bear whale seal salmon trout oyster shell stone brick concrete timber steel copper
    glass paper plastic rubber leather cotton wool silk linen carpet curtain blanket basket bottle barrel bucket bag
    box crate pallet shelf drawer cupboard mirror clock bell whistle drum guitar piano song dance costume mask flag
    banner poster newspaper magazine chapter page paragraph sentence footnote index password keyboard printer robot
    turbine generator boiler furnace chimney filter valve sewer meter thermometer compass ladder scaffold hammer nail
    screw bolt chain rope hook net
""")

VERBS: list[str] = spaced("""
    report plan call open close start return reach cover approve reject delay extend review repair replace visit
    discuss propose demand expect announce launch support oppose accept refuse examine inspect measure test monitor
    protect restore rebuild renovate clean paint move remove install connect restart suspend cancel postpone reduce
    raise increase lower double limit tighten ease change adjust improve expand join leave enter pass cross follow
    lead guide train teach hire dismiss recruit appoint elect sign publish record describe explain confirm deny
    question criticize praise welcome defend blame accuse warn remind assure ask answer address consult invite gather
    attend organize celebrate mark honor remember collect deliver carry load unload transport ship export import
    produce process pack store sell order purchase rent lease finance fund donate award offer promise threaten attack
    block surround search rescue evacuate shelter treat cure vaccinate discharge observe discover explore investigate
    analyze compare calculate estimate predict design develop build construct assemble demolish dismantle abandon
    occupy clear widen deepen strengthen weaken damage destroy flood burn contaminate pollute irrigate harvest plant
    water feed graze trap release tag count register license certify audit tax fine compensate reimburse settle
    negotiate mediate ratify amend repeal enforce ignore violate challenge appeal overturn uphold dispute resolve
    tackle solve handle manage operate supervise coordinate direct chair represent succeed outline present display
    exhibit perform rehearse compose translate print post mail email upload scan copy trace track map chart survey
    photograph film broadcast stream
""")

ADJECTIVES = spaced("""
    new old local national regional public private former recent early late long short high low large small main major
    minor final initial annual monthly weekly daily temporary permanent official independent central northern southern
    eastern western coastal rural urban historic modern ancient medieval industrial commercial financial legal medical
    technical scientific political social cultural religious military naval civil criminal foreign domestic global
    international joint separate similar different special general basic complex simple difficult easy cheap expensive
    costly profitable popular famous unknown rare common frequent occasional regular unusual strange remarkable
    surprising sudden gradual rapid slow steady stable fragile weak strong heavy light solid empty full broad narrow
    deep shallow steep flat smooth rough sharp soft warm cold cool hot dry wet muddy dusty dirty clean clear cloudy
    stormy foggy quiet loud silent noisy busy crowded deserted abandoned hidden visible obvious doubtful certain
    possible impossible likely necessary optional voluntary mandatory strict generous cautious careful careless
    reckless brave proud angry worried anxious calm cheerful grateful disappointed skeptical confident experienced
    skilled trained young elderly retired unemployed homeless wealthy poor hungry thirsty tired healthy sick injured
    wounded missing elected appointed interim acting senior junior chief deputy leading rival neighboring remote
    distant nearby adjacent upper lower inner outer wooden metal brick concrete electric electronic digital mechanical
    automatic manual mobile portable solar nuclear thermal chemical organic natural artificial synthetic wild domestic
    endangered protected polluted contaminated damaged broken faulty outdated unfinished planned proposed
    controversial disputed ambitious modest moderate radical conservative liberal green red blue yellow white black
    gray brown golden silver round square circular massive tiny enormous gigantic slender elegant shabby splendid
    gloomy bright dim colorful plain ornate genuine fake original identical parallel reliable durable flexible rigid
    portable thorough partial complete entire
""")

ADVERBS: list[str] = spaced("""
    widely largely mainly partly fully nearly barely hardly quickly slowly quietly openly formally briefly repeatedly
    temporarily permanently officially recently initially finally eventually gradually suddenly unexpectedly
    apparently reportedly allegedly clearly strongly sharply slightly significantly narrowly unanimously jointly
    separately voluntarily reluctantly deliberately carefully thoroughly properly safely illegally publicly privately
    personally directly indirectly immediately promptly
""")

OFFICES = """port authority,city council,regional government,health ministry,district court,fire department,transport
    ministry,water board,national bank,university hospital,weather service,farmers’ union,chamber of commerce,housing
    department,coast guard,education board,environment agency,prosecutor’s office,railway operator,parliament
    committee,tourist board,food inspectorate,mountain rescue service,energy regulator,audit office,heritage
    commission,football federation,teachers’ association,labor court,statistics office"""

JOBS = """mayor,director,spokeswoman,spokesman,chief engineer,head of the regional office,union leader,harbor master,
    deputy minister,professor of geology,lawyer for the families,chairman of the board,chief inspector,opposition
    leader,chief executive,head nurse,school principal,retired fisherman,project manager,district judge,local
    historian,team captain,head coach,museum curator,farm owner,state prosecutor,city councilor,environment
    commissioner,station manager,shop steward"""

SYLLABLES = spaced("""
    Al Ar Bel Ber Bran Cal Car Cor Dal Dor Dun El Es Fal Far Fen Gar Glen Gol Hal Har Hel Hol Il Jar Kal Kel Kor Lan
    Lar Lin Lor Mal Mar Mel Mor Nar Nor Ol Or Os Pal Par Pel Ran Ros Sal Sar Sel Sol Tal Tar Tor Tul Ul Ur Val Var Vel
    Vor Wal Wen Wil Yar Zal Zor
""")
PLACE_ENDS = spaced("""
    ton ham ford wick mouth bury stead vik stad berg dorf hausen villa mora nova gorod ovo ara ina isk ola una ium den
    holm by haven bridge field worth combe
""")
SURNAME_ENDS = spaced("""
    son sen berg man ski ova ez ini elli escu oglu akis yan vich enko stein mann quist strand dahl lund croft wood
    shaw well more ridge ander ette ault court
""")
GIVEN = spaced("""
    Mara Tomas Ilse Henrik Nadia Pavel Greta Oskar Lidia Anton Rosa Emil Klara Viktor Elena Jonas Marta Felix Irina
    Simon Paula Bruno Astrid Stefan Helena Milan Sonja Arne Livia Conrad Petra Janos Amara Kofi Leila Tariq Samira
    Rashid Yuki Haruto Mei Wei Anjali Ravi Priya Imani Zuri Kwame Esi Tendai Noor Farid Ayla Emre Dilara Luca Chiara
    Matteo Ines Diego Pilar Joaquin Camila Rafael Beatriz Otto
""")
DOUBLE_GIVEN = spaced("Jean-Luc Anne-Marie Karl-Heinz Hans-Peter Marie-Claire Min-jun Seo-yeon Ji-ho Ye-rin Tae-min")
ACCENTED = (("son", "són"), ("ova", "ová"), ("ez", "éz"), ("oglu", "oğlu"), ("lund", "lünd"), ("escu", "eşcu"))
FIRM_ENDS = "Shipping,Foods,Energy,Rail,Steel,Textiles,Logistics,Mining,Holdings,Airways,Pharma,Systems,Timber,Motors"

# American spelling: British spelling.
BRITISH = paired("""
    harbor:harbour neighbor:neighbour neighboring:neighbouring neighborhood:neighbourhood center:centre
    theater:theatre program:programme labor:labour honor:honour honored:honoured rumor:rumour organize:organise
    organized:organised organizing:organising criticize:criticise criticized:criticised analyze:analyse
    analyzed:analysed fertilizer:fertiliser traveler:traveller travelers:travellers colorful:colourful gray:grey
    license:licence plow:plough councilor:councillor defense:defence skeptical:sceptical enrollment:enrolment
    percent:per_cent harbors:harbours neighbors:neighbours centers:centres programs:programmes theaters:theatres
    rumors:rumours licenses:licences airplane:aeroplane airplanes:aeroplanes
""")

# What an editor may write in place of another word.
SYNONYMS = paired("""
    announced:declared approved:endorsed rejected:turned_down delayed:held_up extended:prolonged repaired:fixed
    replaced:swapped visited:toured discussed:debated proposed:suggested demanded:called_for expected:foreseen
    launched:started supported:backed opposed:resisted accepted:took examined:studied inspected:checked plan:scheme
    decision:move project:venture meeting:session agreement:deal proposal:offer problem:trouble building:structure
    village:hamlet resident:inhabitant residents:inhabitants workers:staff leader:head expert:specialist
    experts:specialists about:around more:further large:big small:little main:chief major:big new:fresh recent:latest
    temporary:provisional costly:expensive nearby:neighboring repeatedly:again_and_again largely:mostly nearly:almost
    quickly:fast immediately:at_once after:following before:ahead_of while:as because:since began:started
    children:youngsters company:firm factory:plant dispute:row increase:rise reduced:cut raised:lifted damaged:hurt
    destroyed:wrecked rescued:saved injured:hurt crowd:throng protest:rally campaign:drive inquiry:probe
""")


def plural(noun: str) -> str:
    """The noun's regular plural."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun if noun in ("customs", "damages", "species") else noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeou":
        return noun[:-1] + "ies"
    irregular = {"child": "children", "wolf": "wolves", "shelf": "shelves", "leaf": "leaves", "sheep": "sheep"}
    if noun in irregular:
        return irregular[noun]
    return noun[:-3] + "men" if noun.endswith("man") and noun != "human" else noun + "s"


def past(verb: str) -> str:
    """The verb's past tense."""
    irregular = {
        "leave": "left", "lead": "led", "teach": "taught", "sell": "sold", "build": "built", "rebuild": "rebuilt",
        "feed": "fed", "broadcast": "broadcast", "uphold": "upheld",
    }  # fmt: skip
    if verb in irregular:
        return irregular[verb]
    if verb.endswith("y") and verb[-2] not in "aeou":
        return verb[:-1] + "ied"
    return _doubled(verb) + ("d" if verb.endswith("e") else "ed")


def going_on(verb: str) -> str:
    """The verb's form in -ing."""
    return (verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else _doubled(verb)) + "ing"


def _doubled(verb: str) -> str:
    return verb + verb[-1] if verb in ("plan", "ship", "trap", "tag", "scan", "map") else verb


def urn(words: Sequence[str]) -> list[str]:
    """URN slots filled with the words, the first most often, each at least once; more slots for more than URN words."""
    weights = [1 / (rank + FLAT) for rank in range(1, len(words) + 1)]
    scale = max(0, URN - len(words)) / sum(weights)
    return [word for word, weight in zip(words, weights, strict=True) for _ in range(1 + int(scale * weight))]


def made_names(begins: Sequence[str], ends: Sequence[str], count: int, chance: Random) -> list[str]:
    """Up to `count` different names, each a beginning and an ending."""
    names = [begin + end for begin, end in product(begins, ends)]
    return list(dict.fromkeys(chance.sample(names, min(count, len(names)))))
