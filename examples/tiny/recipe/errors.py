# SPDX-License-Identifier: MIT
"""Seeds a clean text with the mistakes that people make when they type."""
import re

NEIGHBOURS = {"q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij",
              "i": "uok", "o": "ipl", "p": "ol", "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv",
              "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil", "l": "kop", "z": "asx", "x": "zsdc",
              "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk"}
CONFUSED = {"their": ["there", "thier"], "there": ["their", "ther"], "they're": ["their", "there"],
            "its": ["it's"], "it's": ["its"], "your": ["you're"], "you're": ["your"],
            "then": ["than"], "than": ["then"], "to": ["too"], "too": ["to"], "were": ["where"],
            "where": ["were"], "an": ["a"], "a": ["an"], "who": ["whom"], "affect": ["effect"],
            "lose": ["loose"], "whether": ["weather"], "quite": ["quiet"], "of": ["off"],
            "could have": ["could of"], "would have": ["would of"], "passed": ["past"],
            "principal": ["principle"], "here": ["hear"], "hear": ["here"], "by": ["buy"],
            "knew": ["new"], "know": ["now"], "right": ["write"], "write": ["right"]}
AGREEMENT = {"is": ["are"], "are": ["is"], "was": ["were"], "were": ["was"], "has": ["have"],
             "have": ["has"], "does": ["do"], "don't": ["doesn't"], "doesn't": ["don't"],
             "this": ["these"], "these": ["this"]}
# Misspellings that everybody has seen.
COMMON = """accommodate:accomodate acceptable:acceptible address:adress believe:beleive
beginning:begining business:buisness calendar:calender because:becuase,becasue coming:comming
committee:commitee completely:completly definitely:definately different:diffrent disappear:dissapear
disappoint:dissapoint embarrass:embarass environment:enviroment especially:expecially
experience:experiance familiar:familar february:febuary finally:finaly foreign:foriegn
forty:fourty friend:freind government:goverment grateful:greatful happened:happend
immediately:immediatly independent:independant interesting:intresting knowledge:knowlege
necessary:neccessary,necesary occasion:ocassion occurred:occured people:poeple,peple
possible:posible probably:probly,probaly received:recieved receive:recieve really:realy
recommend:recomend remember:rember responsible:responsable restaurant:restaraunt
schedule:schedual,shedule separate:seperate similar:similiar sincerely:sincerly
something:somthing success:sucess successful:succesful surprise:suprise therefore:therefor
tomorrow:tommorow,tommorrow tonight:tonite truly:truely unfortunately:unfortunatly
until:untill usually:usualy wednesday:wendsday,wensday weird:wierd welcome:wellcome
which:wich writing:writting beautiful:beutiful through:thru thought:thougth would:woud
should:shoud could:coud please:pleas,plese before:befor with:wiht that:taht have:ahve
meeting:meating week:weak thanks:thansk appreciate:apreciate available:availible
appointment:apointment presentation:presentaion document:documant"""
KNOWN = {right: wrong.split(",") for right, wrong in
         (pair.split(":") for pair in COMMON.split())}
WORD = re.compile(r"[A-Za-z][A-Za-z']*")


def misspell(rng, word):
    """A misspelling of a word of three letters or more, or None."""
    low = word.lower()
    if low in KNOWN and rng.random() < 0.6:
        wrong = rng.choice(KNOWN[low])
        return wrong.capitalize() if word[0].isupper() else wrong
    i = rng.randrange(1, len(word))
    kind = rng.randrange(5)
    if kind == 0 and i + 1 < len(word) and word[i] != word[i + 1]:
        return word[:i] + word[i + 1] + word[i] + word[i + 2:]
    if kind == 1:
        return word[:i] + word[i + 1:]
    if kind == 2:
        return word[:i] + word[i] + word[i:]
    if kind == 3 and word[i].lower() in NEIGHBOURS:
        return word[:i] + rng.choice(NEIGHBOURS[word[i].lower()]) + word[i + 1:]
    if kind == 4:
        return word[:i] + rng.choice("etaoinshrdlu") + word[i:]
    return None


def one_error(rng, text):
    """(text with one mistake, the right word, the wrong one), or None where none was found."""
    words = list(WORD.finditer(text))
    if not words:
        return None
    m = rng.choice(words)
    word, low = m.group(), m.group().lower()
    kind = rng.random()
    new = None
    if kind < 0.22 and low in CONFUSED:
        new = rng.choice(CONFUSED[low])
    elif kind < 0.34 and low in AGREEMENT:
        new = rng.choice(AGREEMENT[low])
    elif kind < 0.40 and "'" in word:
        new = word.replace("'", "")
    elif kind < 0.45 and word[0].isupper() and (m.start() == 0 or word == "I"):
        new = word[0].lower() + word[1:]
    elif kind < 0.49 and len(word) > 1:
        new = word + " " + word.lower()
    elif kind < 0.52 and text[-1] == "." and m is words[-1]:
        return text[:-1], text[m.start():], word
    elif len(word) >= 3:
        new = misspell(rng, word)
    if new is None or new == word:
        return None
    if word[0].isupper() and new[0].islower() and kind < 0.34:
        new = new[0].upper() + new[1:]
    return text[:m.start()] + new + text[m.end():], word, new


def seed_errors(rng, text, n):
    """@text with up to @n mistakes, and how many there are."""
    made = 0
    for _ in range(n * 8):
        if made == n:
            break
        result = one_error(rng, text)
        if result:
            text, made = result[0], made + 1
    return text, made
