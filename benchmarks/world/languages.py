"""Four languages the world's newsrooms write in: grammar, dates, and the words of their pages. All of it our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.world import words
from benchmarks.world.grammar import Grammar
from benchmarks.world.words import listed, spaced, urn


@dataclass(frozen=True, eq=False)
class Language:
    """A language: how its sentences are made and what its pages print around them."""

    code: str
    grammar: Grammar
    topics: Sequence[Mapping[str, Sequence[str]]]  # urns that a story takes the place of the general ones
    jobs: Sequence[str]
    months: Sequence[str]
    datelines: Sequence[str]  # {place} {agency}
    credits: Sequence[str]  # {agency}: lines below a story
    shared_credits: Sequence[str]
    by: Sequence[str]  # {name}
    dates: Sequence[str]  # {day} {month} {year} {time}
    chrome: Mapping[str, Sequence[str]]  # what a page prints, by part; {name} is the outlet


def languages(chance: Random) -> dict[str, Language]:
    """The languages by code; the names of places and firms are the same in all."""
    places = words.made_names(words.SYLLABLES, words.PLACE_ENDS, 1500, chance)
    stems = words.made_names(words.SYLLABLES, words.SURNAME_ENDS, 500, chance)
    names = {"place": urn(places), "firm": urn([f"{stem} {chance.choice(listed(words.FIRM_ENDS))}" for stem in stems])}
    years = {"year": [str(year) for year in range(1952, 2026)]}
    return {
        "en": _english(names | years),
        "de": _german(names | years),
        "es": _spanish(names | years),
        "fr": _french(names | years),
    }


def _figures(comma: str, point: str) -> list[str]:
    """Counts, small ones often, from 11 to some hundred thousand."""
    small = [str(count) for count in range(11, 500)]
    large = [f"{count * step:,}".replace(",", comma) for step in (100, 1_000) for count in range(5, 400, 7)]
    return urn([*small, *large]) + [f"{whole}{point}{tenth}" for whole in range(2, 30) for tenth in range(1, 10)]


def _percents(point: str, sign: str) -> list[str]:
    return urn([f"{n}{sign}" for n in range(2, 98)]) + [f"{n}{point}{m}{sign}" for n in range(1, 30) for m in (2, 5, 7)]


ENGLISH_RULES = {
    "np": [
        "the {noun}", "the {adj} {noun}", "the {noun} {noun}", "a {adj} {noun}", "{num} {nouns}", "{num} {adj} {nouns}",
        "the {noun} of the {noun}", "the {nouns}", "the {adj} {nouns}", "the {noun} in {place}", "{adj} {nouns}",
        "the {office}", "some {nouns} from {place}", "the {adj} {noun} near {place}", "its {nouns}", "{firm}",
    ],
    "pp": [
        "near {place}", "in {month}", "after the {noun}", "because of the {adj} {noun}", "without {adj} {nouns}",
        "for {num} days", "at a cost of {money}", "despite the {noun}", "over the {adj} {noun}", "by {month}",
        "since {year}", "for lack of {nouns}", "before the {noun}", "with the {noun} of {place}", "within {num} weeks",
        "against the advice of the {office}", "under a {adj} {noun}", "at the {noun}",
    ],
    "vp": [
        "{verbed} {np}", "{verbed} {np} {pp}", "{adv} {verbed} {np}", "{verbed} {np} and {verbed} {np}",
        "had {verbed} {np}", "would {verb} {np} {pp}", "could {verb} {np}", "had {adv} {verbed} {np} {pp}",
        "had begun {verbing} {np}", "stopped {verbing} {np} {pp}", "{verbed} {np}, {verbing} {np}",
        "did not {verb} {np} {pp}", "might {verb} {np} {pp}",
    ],
    "clause": ["{np} {vp}", "{np} {vp}", "{np} {vp} {pp}", "{np} {pp} {vp}"],
    "when": ["on {day}", "late on {day}", "early on {day}", "on {day} evening", "last {day}", "this week", "{day}"],
    "speaker": ["{P}", "{P}", "{P}", "the {office}", "a {job} of {firm}", "residents of {place}", "{firm}"],
    "speech": ["{clause}", "we {verbed} {np} {pp}", "nobody {verbed} {np}", "we will {verb} {np}, and {clause}",
               "the {nouns} {verbed} {np}, not the {nouns}", "it is {adj} that {clause}"],
    "body": [
        "{clause}.", "{clause}.", "{clause}, the {office} said {when}.", "“{speech},” said {P}.",
        "“{speech},” {P} told reporters {when}. “{speech}.”", "{speaker} said {clause}.",
        "{speaker} said {when} that {clause}.", "according to the {office}, {clause}.", "{when}, {clause}.",
        "the {noun}, {adj} and {adj}, {verbed} {np} {pp}.", "about {num} {nouns} {verbed} {np}, while {clause}.",
        "it was the {adj} {noun} in {place} since {year}.",
        "{firm} {verbed} {np} for {money}, {pct} more than in {year}.",
        "in {place}, {clause}.", "critics of the {noun} said {clause}, but {clause}.",
        "between {month} and {month}, {num} {nouns} {verbed} {np}.",
        "if {np} {verbed} {np}, {np} would {verb} {np} {pp}.",
        "the share of {adj} {nouns} rose to {pct} from {pct} {pp}.",
        "neither {np} nor {np} {verbed} {np}, {speaker} said.",
        "whether {clause} remained unclear {when}.", "{P} {verbed} {np} in {year} and has {verbed} {np} since.",
        "as {clause}, {num} {nouns} {verbed} {np}.", "{clause}; {clause}.", "{P}, who {verbed} {np}, said {clause}.",
        "at {place}, where {np} {verbed} {np}, {clause}.",
        "{speaker} put the {noun} at {money} and the {noun} at {pct}.",
        "the {noun} comes after {np} {vp}.", "for {np}, {speaker} said, {clause}.",
    ],
    "lead": [
        "{np} {verbed} {np} {pp} {when}, {verbing} {np} and {verbing} {num} {nouns} near {place}.",
        "the {office} {verbed} {np} in {place} {when} after {np} {verbed} {np}.",
        "{num} {nouns} were {verbed} in {place} {when} when {np} {verbed} {np}, the {office} said.",
        "{firm} said {when} it would {verb} {num} {nouns} in {place} by {month}, {verbing} {np}.",
        "{np} in {place} would {verb} {np} from {month}, {P} said {when}, {verbing} {np}.",
        "{when}, {np} {verbed} {np} and {verbed} {np}, at a cost of {money}.",
    ],
    "guest": [
        "{guest_name} was among the guests in {place} {when}.",
        "a letter to {guest_name} was read out in {place} {when}.",
        "{guest_name} is expected in {place} in {month}.",
        "the program of {place} lists {guest_name} as a guest in {month}.",
        "{place} had invited {guest_name} to see the {noun} {when}.",
    ],
    "title": [
        "{adj} {noun} to {verb} {nouns} in {place}", "{office} {verbed} {noun} {nouns}",
        "{num} {nouns} {verbed} near {place}",
        "{firm} to {verb} {adj} {nouns}", "{place} {nouns} {verb} {noun} {noun}",
        "why the {noun} of {place} {verbed} {nouns}",
        "{noun} {noun}: {place} {verbed} {adj} {nouns}", "{nouns} {verb} {adj} {noun} after {noun} {noun}",
    ],
    "deck": ["{clause} {pp}", "{np} {vp}, and {clause}", "the {noun} {vp} {pp}"],
    "subheading": ["{adj} {nouns}", "the {noun} and the {noun}", "{noun} in {place}", "what the {noun} {verbed}"],
    "caption": [
        "the {adj} {noun} of {place} {when}.", "{nouns} at the {noun} in {place}.", "{num} {nouns} {pp}.",
    ],
}  # fmt: skip

ENGLISH_CHROME = {
    "menu": listed("""Home,News,World,Local,Politics,Business,Markets,Opinion,Sport,Culture,Science,Health,Travel,
        Weather,Video,
        Podcasts,Obituaries,Classifieds,Letters,Magazine,Jobs,Property,Puzzles,E-paper"""),
    "skip": ["Skip to main content", "Skip to content", "Jump to navigation"],
    "cookie": [
        "We use cookies to make {name} work and to show you fitting advertisements. Manage choices in settings.",
        "By using this website you agree to our cookie policy.",
        "{name} and its 214 partners store information on your device. You can change your mind at any time.",
    ],
    "account": ["Sign in", "Log in", "Subscribe", "My account", "Subscribe from 1.99 a week"],
    "share": ["Share", "Facebook", "X", "WhatsApp", "Email", "Print", "Copy link", "Save", "LinkedIn", "Telegram"],
    "advert": ["Advertisement", "ADVERTISEMENT", "Story continues below advertisement", "Sponsored"],
    "related": ["Read more", "Related articles", "More on this story", "See also", "You may also like"],
    "inline": ["Read more: {headline}", "ALSO READ: {headline}", "Related: {headline}"],
    "newsletter": [
        "Get the best of {name} in your inbox every morning. Enter your email address to sign up for our newsletter.",
        "Sign up for the {name} morning briefing",
        "Enjoying this article? Subscribe to {name} for unlimited access to our journalism.",
    ],
    "comments": ["Comments", "0 Comments", "Join the conversation", "Please keep comments civil and on topic."],
    "popular": ["Most read", "MOST POPULAR", "Trending now", "Latest news"],
    "tags": ["Tags", "Topics", "Filed under"],
    "footer": [
        "About us", "Contact", "Terms of use", "Privacy policy", "Advertise with us", "Careers", "Accessibility",
        "Cookie settings", "Complaints", "Archive", "RSS",
    ],
    "copyright": [
        "© {year} {name}. All rights reserved.", "Copyright {year} {name} Ltd. No part of this page may be reproduced.",
    ],
    "photo": ["Photo: {name}", "({photographer}/{name})", "Photograph by {photographer}"],
}  # fmt: skip


def _english(names: Mapping[str, Sequence[str]]) -> Language:
    general = {
        "noun": urn(words.NOUNS),
        "nouns": urn([words.plural(noun) for noun in words.NOUNS]),
        "adj": urn(words.ADJECTIVES),
        "adv": urn(words.ADVERBS),
        "verb": urn(words.VERBS),
        "verbed": urn([words.past(verb) for verb in words.VERBS]),
        "verbing": urn([words.going_on(verb) for verb in words.VERBS]),
        "office": urn(listed(words.OFFICES)),
        "job": listed(words.JOBS),
        "num": [*spaced("two three four five six seven eight nine ten a dozen"), *_figures(",", ".")],
        "money": urn([f"${n} million" for n in range(2, 400)])
        + [f"${n}.{m} billion" for n in range(1, 9) for m in "1346"],
        "pct": _percents(".", " percent"),
        "day": spaced("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
        "month": _ENGLISH_MONTHS,
    }
    topics = []
    for nouns in words.TOPICS.values():
        mixed = urn(nouns)[::2] + urn(words.NOUNS)[::2]
        topics.append({"noun": mixed, "nouns": [words.plural(noun) for noun in mixed]})
    return Language(
        "en", Grammar(ENGLISH_RULES, general | names), topics, listed(words.JOBS), _ENGLISH_MONTHS,
        ("{place} ({agency}) — ", "{place}, {month} {day} ({agency}) - ", "{place} ({agency}) - "),
        ("Source: {agency}", "© {year} {agency}"),
        ("{agency} contributed to this report.", "With files from {agency}"),
        ("By {name}", "by {name}", "By {name}, Staff Writer", "Written by {name}"),
        ("{day} {month} {year}, {time} GMT", "{month} {day}, {year} {time} UTC", "Published: {day} {month} {year}",
         "{month} {day}, {year}"),
        ENGLISH_CHROME,
    )  # fmt: skip


_ENGLISH_MONTHS = spaced("January February March April May June July August September October November December")

GERMAN_RULES = {
    "np": ["{noun}", "{noun}", "{noun} in {place}", "{noun} von {firm}", "{office}", "{num} {nouns}",
    "{noun} und {noun}"],
    "pp": ["in {place}", "seit {year}", "ohne {noun}", "für {noun}", "gegen {noun}", "durch {noun}", "im {month}",
           "nach Angaben aus {place}", "für {money}", "um {pct}"],
    "when": ["am {day}", "am {day} abend", "am frühen {day}", "in dieser Woche"],
    "body": [
        "{np} {verbed} {pp} {np}.", "am {day} {verbed} {np} {np} {pp}.",
        "{office} {verbed} {when} {np}.", "„{np} {verbed} {np}“, sagte {P} {when}.",
        "{P} sagte, {np} {modal} {np} {pp} {inf}.",
        "{pp} {modal} {np} {np} {inf}.", "{num} {nouns} {verbed} {when} {np} {pp}.",
        "wie {office} mitteilte, {verbed} {np} {np}.",
        "ob {np} {np} {inf} {modal}, blieb {when} offen.", "{firm} {verbed} {np} {pp} und {verbed} {np}.",
        "zwischen {month} und {month} {verbed} {np} {pp} {np}.",
        "der Anteil stieg von {pct} auf {pct}, teilte {office} mit.",
        "weil {np} {np} {verbed}, {verbed} {np} {when} {np}.", "{P} {verbed} {np}, {firm} {verbed} {np} {pp}.",
    ],
    "lead": ["{np} {modal} {pp} {np} {inf}, teilte {office} {when} mit.",
    "{office} {verbed} {when} in {place} {np} und {np}."],
    "guest": ["{guest_name} war {when} zu Gast in {place}.", "{guest_name} wird im {month} in {place} erwartet.",
              "ein Brief an {guest_name} wurde {when} in {place} verlesen."],
    "title": ["{place}: {nouns} {verbed} {noun}", "{num} {nouns} in {place}", "{firm} {modal} {noun} {inf}",
    "{noun} in {place}"],
    "deck": ["{np} {verbed} {np} {pp}", "{np} {modal} {np} {pp} {inf}"],
    "subheading": ["{noun}", "{nouns} {pp}"],
    "caption": ["{noun} in {place}.", "{nouns} {when} in {place}."],
}  # fmt: skip


def _german(names: Mapping[str, Sequence[str]]) -> Language:
    nouns = """die Brücke,das Rathaus,die Werft,das Krankenhaus,die Schule,das Gericht,die Fähre,das Unternehmen,die
        Verwaltung,das Projekt,die Mehrheit,das Gutachten,die Sperrung,das Angebot,die Entscheidung,das Verfahren,die
        Baustelle,das Gesetz,die Opposition,das Museum,die Mannschaft,das Spiel,die Ernte,das Hochwasser,die
        Feuerwehr,das Labor,die Forschung,das Wasserwerk,die Rechnung,das Grundstück,die Autobahn,das Gleis,die
        Siedlung,das Wohnheim,die Bürgerinitiative,das Kraftwerk,die Leitung,das Theater,die Ausstellung,das Fest,die
        Gewerkschaft,das Lager,die Genehmigung,das Ufer,die Landwirtschaft,das Depot,die Regierung,das Ministerium,die
        Kammer,das Abkommen,die Beschwerde,das Archiv,die Prüfung,das Ergebnis,die Kritik,das Dorf,die Altstadt,das
        Gewerbegebiet,die Versicherung,das Konzept,die Umleitung,das Stadion,die Rettung,das Gebäude,die Spende"""
    plurals = """Anwohner,Schüler,Arbeiter,Reisende,Kunden,Landwirte,Patienten,Wohnungen,Züge,Schiffe,Lastwagen,Kinder,
        Fachleute,Zeugen,Beschäftigte,Besucher,Pendler,Händler,Helfer,Richter,Lehrerinnen,Forscher,Bäume,Häuser,
        Anträge"""
    verbed = """prüfte,öffnete,sperrte,verlangte,erneuerte,kritisierte,begrüßte,ersetzte,verkaufte,baute,plante,
        unterstützte,verhinderte,meldete,untersuchte,bezahlte,beschloss,stoppte,verteidigte,räumte,vermietete,
        besichtigte,erwartete,beantragte,finanzierte,übernahm,erhielt,veröffentlichte,beschädigte,rettete"""
    infinitives = """prüfen,öffnen,sperren,verlangen,erneuern,kritisieren,begrüßen,ersetzen,verkaufen,bauen,planen,
        unterstützen,verhindern,melden,untersuchen,bezahlen,beschließen,stoppen,verteidigen,räumen,finanzieren"""
    offices = """die Stadtverwaltung,das Landgericht,die Hafenbehörde,das Verkehrsministerium,die Polizei,die
        Staatsanwaltschaft,das Umweltamt,die Handelskammer,die Bahn,das Gesundheitsamt"""
    months = spaced("Januar Februar März April Mai Juni Juli August September Oktober November Dezember")
    general = {
        "noun": urn(listed(nouns)), "nouns": urn(listed(plurals)), "verbed": urn(listed(verbed)),
        "inf": urn(listed(infinitives)), "office": urn(listed(offices)),
        "modal": spaced("soll will kann muss darf wollte sollte konnte"),
        "num": ["zwei", "drei", "vier", "fünf", *_figures(".", ",")], "month": months,
        "money": [f"{n} Millionen Euro" for n in range(2, 300)], "pct": _percents(",", " Prozent"),
        "day": spaced("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
    }  # fmt: skip
    chrome = {
        "menu": listed("""Startseite,Politik,Wirtschaft,Sport,Kultur,Lokales,Wissen,Reise,Meinung,Panorama,Wetter,Video,
            Anzeigen"""),
        "skip": ["Zum Inhalt springen"], "account": ["Anmelden", "Abo", "Mein Konto"],
        "cookie": ["Wir verwenden Cookies, um {name} zu verbessern. Mehr dazu in unserer Datenschutzerklärung."],
        "share": ["Teilen", "Facebook", "X", "WhatsApp", "E-Mail", "Drucken", "Merken"], "advert": ["Anzeige",
        "Werbung"],
        "related": ["Lesen Sie auch", "Mehr zum Thema"], "inline": ["Lesen Sie auch: {headline}"],
        "newsletter": ["Jeden Morgen das Wichtigste von {name}: jetzt den Newsletter bestellen."],
        "comments": ["Kommentare", "Diskutieren Sie mit"], "popular": ["Meistgelesen", "Aktuelles"], "tags": ["Themen"],
        "footer": ["Impressum", "Datenschutz", "Kontakt", "Mediadaten", "AGB", "Karriere", "Barrierefreiheit"],
        "copyright": ["© {year} {name}. Alle Rechte vorbehalten."], "photo": ["Foto: {photographer}", "Foto: {name}"],
    }  # fmt: skip
    return Language(
        "de", Grammar(GERMAN_RULES, general | names), [{}], ("Bürgermeister", "Sprecherin", "Richter"), months,
        ("{place} ({agency}) – ", "{place}. ({agency}) "), ("Quelle: {agency}",), ("mit {agency}",),
        ("Von {name}",), ("{day}. {month} {year}, {time} Uhr", "{day}. {month} {year}"), chrome,
    )  # fmt: skip


SPANISH_RULES = {
    "np": ["{noun}", "{noun} de {place}", "{noun} de {firm}", "{num} {nouns}", "{noun} y {noun}", "{office}"],
    "pp": ["en {place}", "desde {year}", "sin {nouns}", "para {noun}", "contra {noun}", "en {month}", "por {money}",
           "según {noun}", "durante {num} días"],
    "when": ["el {day}", "este {day}", "el {day} por la noche", "esta semana"],
    "body": [
        "{np} {verbed} {np} {pp}.", "{when}, {np} {verbed} {np}.", "“{np} {verbed} {np}”, dijo {P} {when}.",
        "{P} dijo que {np} {verbed} {np} {pp}.", "según {office}, {np} {verbed} {np}.",
        "{num} {nouns} {modal} {inf} {np} {pp}.",
        "si {np} {verbed} {np}, {np} {modal} {inf} {np}.", "{firm} {verbed} {np} {pp}, un {pct} más que en {year}.",
        "mientras {np} {verbed} {np}, {np} {modal} {inf} {np}.", "{pp}, {np} {verbed} {np} y {verbed} {np}.",
        "{P}, que {verbed} {np}, {verbed} {np} {when}.", "entre {month} y {month}, {num} {nouns} {verbed} {np}.",
    ],
    "lead": ["{office} {verbed} {when} {np} en {place}, después de que {np} {verbed} {np}.",
             "{np} {modal} {inf} {np} {pp}, anunció {P} {when}."],
    "guest": ["{guest_name} fue parte del público en {place} {when}.", "{place} espera a {guest_name} en {month}."],
    "title": ["{place}: {nouns} {verbed} {noun}", "{num} {nouns} en {place}", "{firm} {modal} {inf} {noun}"],
    "deck": ["{np} {verbed} {np} {pp}", "{np} {modal} {inf} {np} {pp}"],
    "subheading": ["{noun}", "{nouns} {pp}"],
    "caption": ["{noun} de {place} {when}.", "{nouns} en {place}."],
}  # fmt: skip


def _spanish(names: Mapping[str, Sequence[str]]) -> Language:
    nouns = """el puerto,la alcaldía,el hospital,la escuela,el tribunal,la empresa,el proyecto,la mayoría,el informe,la
        obra,el acuerdo,la oposición,el museo,la cosecha,el incendio,la fábrica,el sindicato,la ley,el presupuesto,la
        carretera,el puente,la estación,el barrio,la vivienda,el laboratorio,la investigación,el equipo,la temporada,el
        teatro,la exposición,el festival,la frontera,el ministerio,la denuncia,el archivo,la inspección,el resultado,la
        crítica,el pueblo,la plaza,el embalse,la sequía,el estadio,la ayuda,el edificio,la tormenta,el ferrocarril"""
    plurals = """vecinos,alumnos,trabajadores,viajeros,clientes,agricultores,pacientes,trenes,barcos,camiones,niños,
        expertos,testigos,empleados,visitantes,comerciantes,voluntarios,jueces,profesoras,árboles,casas,solicitudes"""
    verbed = """aprobó,rechazó,abrió,cerró,reparó,criticó,apoyó,sustituyó,vendió,construyó,anunció,pidió,investigó,
        pagó,detuvo,defendió,desalojó,visitó,esperó,financió,recibió,publicó,dañó,rescató,retrasó,amplió,firmó"""
    infinitives = """aprobar,rechazar,abrir,cerrar,reparar,criticar,apoyar,sustituir,vender,construir,anunciar,pedir,
        investigar,pagar,detener,defender,desalojar,visitar,financiar,recibir,publicar,rescatar,ampliar,firmar"""
    offices = """el ayuntamiento,la fiscalía,la policía,la autoridad portuaria,el gobierno regional,la cámara de
        comercio,el servicio meteorológico,la guardia costera,el ministerio de Salud"""
    months = spaced("""enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre""")
    general = {
        "noun": urn(listed(nouns)), "nouns": urn(listed(plurals)), "verbed": urn(listed(verbed)),
        "inf": urn(listed(infinitives)), "office": urn(listed(offices)),
        "modal": ["debe", "quiere", "puede", "podría", "quería", "tendrá que"],
        "num": ["dos", "tres", "cuatro", "cinco", *_figures(".", ",")], "month": months,
        "money": [f"{n} millones de euros" for n in range(2, 300)], "pct": _percents(",", " por ciento"),
        "day": spaced("lunes martes miércoles jueves viernes sábado domingo"),
    }  # fmt: skip
    chrome = {
        "menu": listed("Inicio,Política,Economía,Deportes,Cultura,Sociedad,Ciencia,Opinión,Mundo,Tiempo,Vídeos"),
        "skip": ["Ir al contenido"], "account": ["Iniciar sesión", "Suscríbete"],
        "cookie": ["Usamos cookies propias y de terceros para mejorar {name}. Puede cambiar la configuración."],
        "share": ["Compartir", "Facebook", "X", "WhatsApp", "Correo", "Imprimir"], "advert": ["Publicidad"],
        "related": ["Noticias relacionadas", "Más información"], "inline": ["Lea también: {headline}"],
        "newsletter": ["Reciba cada mañana lo mejor de {name} en su correo. Apúntese al boletín."],
        "comments": ["Comentarios", "Normas de participación"], "popular": ["Lo más leído"], "tags": ["Temas"],
        "footer": ["Quiénes somos", "Contacto", "Aviso legal", "Política de privacidad", "Publicidad", "Hemeroteca"],
        "copyright": ["© {year} {name}. Todos los derechos reservados."], "photo": ["Foto: {photographer}"],
    }  # fmt: skip
    return Language(
        "es", Grammar(SPANISH_RULES, general | names), [{}], ("el alcalde", "la directora"), months,
        ("{place} ({agency}) — ",
        "{place}, {day} {month} ({agency}) - "), ("Fuente: {agency}",), ("Con información de {agency}",),
        ("Por {name}",), ("{day} de {month} de {year}, {time}", "{day} de {month} de {year}"), chrome,
    )  # fmt: skip


FRENCH_RULES = {
    "np": ["{noun}", "{noun}", "{num} {nouns}", "{noun} et {noun}", "{office}", "{noun} près de {place}"],
    "pp": ["à {place}", "depuis {year}", "sans {noun}", "pour {noun}", "contre {noun}", "en {month}", "avec {noun}",
           "pendant {num} jours", "pour {money}"],
    "when": ["{day}", "{day} soir", "cette semaine", "dans la nuit de {day}"],
    "body": [
        "{np} {modal} {inf} {np} {pp}.", "{when}, {np} {modal} {inf} {np}.",
        "« {np} {modal} {inf} {np} », a dit {P} {when}.",
        "selon {office}, {np} {modal} {inf} {np}.", "{office} a {ptc} {np} {pp}.",
        "{P} a {ptc} {np}, puis {noun} {pp}.",
        "{num} {nouns} ont {ptc} {np} {when}.", "{firm} a {ptc} {np}, soit {pct} de plus qu’en {year}.",
        "entre {month} et {month}, {noun} a {ptc} {np}.", "si {noun} a {ptc} {np}, {np} {modal} {inf} {np}.",
    ],
    "lead": ["{office} a {ptc} {when} {np} à {place}, alors que {noun} {modal} {inf} {np}.",
             "{np} {modal} {inf} {np} {pp}, a annoncé {P} {when}."],
    "guest": ["{guest_name} était parmi les invités à {place} {when}.", "{place} attend {guest_name} en {month}."],
    "title": ["{place} : {nouns} contre {noun}", "{num} {nouns} à {place}", "{firm} {modal} {inf} {noun}"],
    "deck": ["{np} {modal} {inf} {np} {pp}", "{office} a {ptc} {np} {pp}"],
    "subheading": ["{noun}", "{nouns} {pp}"],
    "caption": ["{noun} près de {place}.", "{nouns} à {place}, {when}."],
}  # fmt: skip


def _french(names: Mapping[str, Sequence[str]]) -> Language:
    nouns = """le port,la mairie,l’hôpital,l’école,le tribunal,l’entreprise,le projet,la majorité,le rapport,
        le chantier,
        l’accord,l’opposition,le musée,la récolte,l’incendie,l’usine,le syndicat,la loi,le budget,la route,le pont,la
        gare,le quartier,le logement,le laboratoire,l’enquête,l’équipe,la saison,le théâtre,l’exposition,la fête,la
        frontière,le ministère,la plainte,les archives,le contrôle,le résultat,la critique,le village,la place,le
        barrage,la sécheresse,le stade,l’aide,le bâtiment,la tempête,le chemin de fer,la digue,le marché"""
    plurals = """habitants,élèves,ouvriers,voyageurs,clients,agriculteurs,patients,trains,bateaux,camions,enfants,
        experts,témoins,salariés,visiteurs,commerçants,bénévoles,juges,chercheurs,arbres,maisons,demandes"""
    participles = """approuvé,rejeté,ouvert,fermé,réparé,critiqué,soutenu,remplacé,vendu,construit,annoncé,demandé,
        examiné,payé,arrêté,défendu,évacué,visité,financé,reçu,publié,endommagé,sauvé,retardé,signé"""
    infinitives = """approuver,rejeter,ouvrir,fermer,réparer,critiquer,soutenir,remplacer,vendre,construire,annoncer,
        demander,examiner,payer,arrêter,défendre,évacuer,visiter,financer,recevoir,publier,sauver,retarder,signer"""
    offices = """la préfecture,le parquet,la police,la capitainerie,le conseil régional,la chambre de commerce,Météo
        nationale,les pompiers,la direction de la santé"""
    months = spaced("janvier février mars avril mai juin juillet août septembre octobre novembre décembre")
    general = {
        "noun": urn(listed(nouns)), "nouns": urn(listed(plurals)), "ptc": urn(listed(participles)),
        "inf": urn(listed(infinitives)), "office": urn(listed(offices)),
        "modal": ["doit", "veut", "peut", "pourrait", "devra", "compte", "espère"],
        "num": ["deux", "trois", "quatre", "cinq", *_figures("\u202f", ",")], "month": months,
        "money": [f"{n} millions d’euros" for n in range(2, 300)], "pct": _percents(",", "\u00a0%"),
        "day": spaced("lundi mardi mercredi jeudi vendredi samedi dimanche"),
    }  # fmt: skip
    chrome = {
        "menu": listed("Accueil,Politique,Économie,Sports,Culture,Société,Sciences,Opinions,Monde,Météo,Vidéos"),
        "skip": ["Aller au contenu"], "account": ["Se connecter", "S’abonner"],
        "cookie": ["{name} utilise des cookies pour mesurer son audience. Vous pouvez changer vos choix."],
        "share": ["Partager", "Facebook", "X", "WhatsApp", "Courriel", "Imprimer"], "advert": ["Publicité"],
        "related": ["À lire aussi", "Sur le même sujet"], "inline": ["À lire aussi : {headline}"],
        "newsletter": ["Chaque matin, l’essentiel de {name} dans votre boîte : inscrivez-vous à la lettre."],
        "comments": ["Commentaires", "Réagir à cet article"], "popular": ["Les plus lus"], "tags": ["Sujets"],
        "footer": ["Qui sommes-nous", "Contact", "Mentions légales", "Confidentialité", "Publicité", "Archives"],
        "copyright": ["© {year} {name}. Tous droits réservés."], "photo": ["Photo : {photographer}"],
    }  # fmt: skip
    return Language(
        "fr", Grammar(FRENCH_RULES, general | names), [{}], ("le maire", "la directrice"), months,
        ("{place} ({agency}) — ", "{place}, {day} {month} ({agency}) - "), ("Source : {agency}",), ("avec {agency}",),
        ("Par {name}",), ("{day} {month} {year} à {time}", "{day} {month} {year}"), chrome,
    )  # fmt: skip
