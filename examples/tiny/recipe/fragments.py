# SPDX-License-Identifier: MIT
"""Pieces of sentences, found in running text, that fill the slots of everyday messages.

The lists of messages.py are short enough to be learnt by heart; these are not, so what a model
learns from them is to carry over what it reads. Every tenth piece is kept for evaluation.
"""
import random
import re
import zlib

VERBS = """add agree allow answer apologise arrange arrive ask attend avoid begin believe bring
build buy call cancel carry change check choose clean close come compare complete consider continue cook
count cover cross cut decide deliver describe discuss do draw drink drive drop eat end enjoy enter explain
feed feel fetch fight fill find finish fix follow forget forgive get give go grow hang happen hear help hide
hire hit hold hope hurry hurt improve include inform introduce invite join jump keep kill knock know laugh
lead learn leave lend let lift listen live lock look lose love make mark marry meet mention mind miss mix
move obey offer open order pack paint pass pay pick plan play point pour prepare press prevent print promise
protect prove pull push put reach read receive recommend record remember remind remove repair repeat replace
reply report rest return ride ring rise run save say search see sell send serve set share shout show shut
sign sing sit sleep smile smoke solve speak spell spend stand start stay steal stick stop study suggest
support swim take talk teach tell test thank think throw tie touch train travel treat trust try turn
understand use visit wait wake walk warm warn wash waste watch wear win wish work worry wrap write""".split()
# Words that betray another century, or that belong in nobody's message.
UNFIT = set("""thee thou thy thine hath doth dost ye shalt wilt whilst tis twas o'er ere oh ah sir madam
ma'am miss lord lady majesty hell damn damned god christ jesus kill killed killing murder dead death die dies
died sex sexy rape naked nude fuck fucking shit bitch whore slut nigger niggers negro gun blood corpse suicide
drunk yeah yea haha lol um uh hmm dont im ive cant wont didnt doesnt isnt thats whats theyre youre alot wasnt
couldnt wouldnt arent havent hes shes lets tho gonna wanna gotta cuz idk hey sorry hi hello okay ok
presently fro unto midst lest nay aye upon thereof herein whereupon alas mustn't needn't shan't""".split())
END = r"(?=[.!?;]|, )"
ACTION = re.compile(r"\b(?:to|should|could|must|can|will|would|please|let's|might) ((?:%s) [a-zI' ]{3,60}?)%s"
                    % ("|".join(VERBS), END))
STATE = re.compile(r"(?:(?<=[.!?] )|(?<=\n)|^)((?:The|My|Our|Your|This|That|It|He|She|We|They|There|Nobody|Somebody|"
                   r"Everybody|I|Some|Most|All|No|His|Her|These|Those|You) [a-zI' ]{6,70}?)[.!](?=\s|$)", re.M)
QUESTION = re.compile(r"(?:(?<=[.!?] )|(?<=\n)|^)((?:What|Where|Who|Why|How|Did|Do|Is|Are|Can|Will|Have) "
                      r"[a-zI' ]{6,60}?)\?(?=\s|$)", re.M)
OBJECT = re.compile(r"\b(?:with|about|for|of|see|take|bring|find|in|on|near|from|have) "
                    r"((?:the|my|your|our|this|that|his|her) [a-z]{3,12}(?: [a-z]{3,12})?(?: of the [a-z]{3,12})?)(?=[.,;!?])")


def is_fit(text, longest, known):
    words = text.lower().split()
    return len(words) <= longest and all(w in known for w in words) and not UNFIT & set(words)


def lower_first(text):
    return text if text.startswith(("I ", "I'")) else text[0].lower() + text[1:]


KINDS = {"action": (ACTION, 9), "state": (STATE, 12), "question": (QUESTION, 11), "object": (OBJECT, 6)}


def find(talks, books, known):
    """The pieces of each kind, each once, those with unknown words left out. Books do not talk
    as people write to each other: they give actions and objects alone."""
    found = {kind: {} for kind in KINDS}
    for kind, (pattern, longest) in KINDS.items():
        for text in talks + (books if kind in ("action", "object") else []):
            for m in pattern.finditer(text):
                piece = lower_first(m.group(1).strip())
                if is_fit(piece, longest, known):
                    found[kind][piece] = True
    return {kind: list(pieces) for kind, pieces in found.items()}


COUNTED = """chairs|copies|tickets|eggs|bottles of water|boxes|sandwiches|pages|plates|parcels|plants|
towels|stamps|litres of milk|batteries|seats|candles|photos|euros|pounds|dollars""".replace("\n", "").split("|")
MONTHS = "January February March April May June July August September October November December".split()


def with_number(rng):
    """Something with figures in it: (action, state, object)."""
    n, page = rng.randrange(2, 100), rng.randrange(100, 1000)
    clock = f"{rng.randrange(7, 23)}:{rng.randrange(0, 60, 5):02}"
    date = f"{rng.randrange(1, 31)} {rng.choice(MONTHS)}"
    what = rng.choice(COUNTED)
    actions = (f"order {n} {what}", f"bring {n} {what}", f"be there at {clock}", f"pay {n} euros",
               f"reserve room {page}", f"come on {date}", f"call me at {clock}", f"read page {page}",
               f"count the {n} {what}", f"send it before {date}")
    states = (f"the train leaves at {clock}", f"we need {n} {what}", f"the price is {page} euros",
              f"the room number is {page}", f"I paid {n} pounds", f"the exam is on {date}",
              f"my birthday is on {date}", f"there are only {n} {what} left", f"we start at {clock}",
              f"the shop closes at {clock}", f"you owe me {n} euros", f"the order has {n} {what}")
    objects = (f"{n} {what}", f"room {page}", f"order {page}{n}", f"page {page}", f"the {n} {what}")
    return {"action": rng.choice(actions), "state": rng.choice(states), "object": rng.choice(objects),
            "question": f"is it {rng.choice(('true', 'right', 'possible'))} that {rng.choice(states)}"}


class Fragments:
    """What find() found, divided into the part for training and the part for evaluation."""

    def __init__(self, found, held_out):
        self.lists = {kind: [p for p in pieces if (zlib.crc32(p.encode()) % 10 == 3) == held_out]
                      for kind, pieces in found.items()}

    def draw(self, rng):
        piece = {kind: rng.choice(pieces) for kind, pieces in self.lists.items()}
        if rng.random() < 0.15:
            piece.update(with_number(rng))
        piece["state2"] = rng.choice(self.lists["state"])
        return piece


if __name__ == "__main__":
    r = random.Random(1)
    for _ in range(5):
        print(with_number(r))
