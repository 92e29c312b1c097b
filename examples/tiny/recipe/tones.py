# SPDX-License-Identifier: MIT
"""Messages with any content in several registers: what fills the slots was found in texts.

Where messages.py says one of a few things in many ways, these forms say anything in few ways, so
that a register is learnt as something to put around content, which is carried over word by word.
"""
import re

import messages

PLAIN = {
    "do": ["{Action}.", "{Action} {time}.", "{Action}, now.", "You should {action}.", "You need to {action} {time}.",
           "You must {action}.", "You have to {action}.", "I want you to {action}.", "{action}", "{Action}!",
           "Just {action}.", "Why don't you {action}?"],
    "dont": ["Don't {action}.", "Stop it. Don't {action}.", "You can't {action}.", "Don't you dare {action}!",
             "Never {action}.", "You must not {action}."],
    "want": ["I want to {action}.", "I need to {action} {time}.", "I wanna {action}.", "Let me {action}."],
    "cant": ["I can't {action}.", "I won't {action}.", "I'm not going to {action}.", "No, I can't {action} {time}."],
    "give": ["Give me {object}.", "I need {object}.", "I want {object} {time}.", "Get me {object}.", "Send {object}.",
             "I want {object}."],
    "missing": ["Where is {object}?", "I'm still waiting for {object}.", "I don't have {object}."],
    "forgot": ["You forgot to {action}.", "You didn't {action}.", "Why didn't you {action}?"],
    "tell": ["{State}.", "{State}!", "{State}.", "{State}, you know.", "{state}", "{State}, ok?"],
    "angry": ["{State}. This is unacceptable!", "Are you kidding me? {State}.", "{State}, you idiot.",
              "What the hell, {state}!", "{State}. I'm fed up.", "Seriously? {State}.", "{State}. How stupid is that?"],
    "because": ["{State} because {state2}.", "{State}, because {state2}.", "{State2}, so {state}."],
    "two": ["{State}. {State2}.", "{State} and {state2}.", "{State}, but {state2}."],
    "ask": ["{Question}?", "{Question}?", "Tell me: {question}?"],
    "thanks": ["Thanks for {object}.", "Got {object}.", "I got {object}."],
    "about": ["Tell me about {object}.", "What about {object}?", "Any news about {object}?"],
    "lets": ["Let's {action} {time}.", "We should {action}.", "We could {action} {time}."],
}
FRIENDLY = {
    "do": ["Could you {action} {time}? Thanks a lot!", "It would be great if you could {action} {time}!"],
    "dont": ["Could you please not {action}? Thank you!", "Please don't {action}, if that's okay!"],
    "want": ["I would love to {action} {time}!", "I'd really like to {action} {time}. Hope that's okay!"],
    "cant": ["I'm so sorry, but I can't {action} {time}. I hope you understand!"],
    "give": ["Could I have {object} {time}, please? Thank you so much!"],
    "missing": ["Do you happen to know where {object} is? Thanks a lot!"],
    "forgot": ["It looks like you didn't {action}. No worries, it happens!"],
    "tell": ["Just so you know, {state}!", "Hey, just a quick note: {state}!"],
    "angry": ["Sorry to bother you, but {state}. Could you have a look? Thanks a lot!"],
    "because": ["Just so you know, {state} because {state2}!"],
    "two": ["Just so you know, {state} {joint} {state2}!"],
    "ask": ["Quick question: {question}? Thanks a lot!"],
    "thanks": ["Thank you so much for {object}! You are the best."],
    "about": ["Could you tell me about {object}? I would love to know!"],
    "lets": ["How about this: let's {action} {time}! It will be fun.", "It would be lovely if we could {action} {time}!"],
}
PROFESSIONAL = {
    "do": ["Could you please {action} {time}?", "I would appreciate it if you could {action} {time}."],
    "dont": ["Please do not {action}.", "I would kindly ask you not to {action}."],
    "want": ["I would like to {action} {time}."],
    "cant": ["Unfortunately, I am unable to {action} {time}."],
    "give": ["Could you please provide {object} {time}?"],
    "missing": ["Could you please let me know the status of {object}?"],
    "forgot": ["I noticed that you did not {action}. Could you please look into this?"],
    "tell": ["Please note that {state}.", "I would like to inform you that {state}."],
    "angry": ["I regret to inform you that {state}. Could you please look into this?"],
    "because": ["Please note that {state} because {state2}."],
    "two": ["Please note that {state} {joint} {state2}."],
    "ask": ["I would like to ask: {question}? Thank you in advance."],
    "thanks": ["Thank you very much for {object}. I appreciate your support."],
    "about": ["Could you please provide some information about {object}?"],
    "lets": ["I would like to suggest that we {action} {time}."],
}
CONCISE = {
    "do": ["Please {action} {time}."], "dont": ["Please don't {action}."], "want": ["I'd like to {action} {time}."],
    "cant": ["Sorry, I can't {action} {time}."], "give": ["Please send {object} {time}."],
    "missing": ["Where is {object}?"], "forgot": ["You didn't {action}."], "tell": ["{State}."], "angry": ["{State}."],
    "because": ["{State} because {state2}."], "two": ["{State} {joint} {state2}."], "ask": ["{Question}?"],
    "thanks": ["Thanks for {object}."], "about": ["Any news about {object}?"], "lets": ["Let's {action} {time}."],
}
WORDY = {
    "do": ["I just wanted to ask whether you could perhaps {action} {time}, if it is not too much trouble.",
           "It would really be very good if you could maybe find the time to {action} {time}.",
           "I was wondering if it would be at all possible for you to {action} {time}."],
    "dont": ["I would really like to ask you, if you do not mind, to please not {action}.",
             "It would actually be better for everybody if you did not {action}."],
    "want": ["What I have been wanting to do for quite some time now is to {action} {time}.",
             "To be honest, I think that I would really like to {action} {time}."],
    "cant": ["I am really very sorry to have to say this, but I am afraid that I will not be able to {action} {time}.",
             "As much as I would like to, at this point in time it is simply not possible for me to {action} {time}."],
    "give": ["I am writing to ask you whether you could maybe send me {object} {time}.",
             "If at all possible, I would be really happy to get {object} from you {time}."],
    "missing": ["I have been looking for it everywhere, and I was wondering where {object} actually is.",
                "I am sorry to bother you with this, but do you perhaps know where {object} is?"],
    "forgot": ["I do not want to be difficult about it, but I have noticed that you did not {action}.",
               "As far as I can see, it seems that you somehow forgot to {action}."],
    "tell": ["I just wanted to let you know that {state}.", "To be honest, I have to say that, as far as I can tell, {state}.",
             "What I am basically trying to say here is that {state}.", "I think that it is important to mention that {state}.",
             "It should perhaps be pointed out at this point that {state}."],
    "angry": ["I really do not like to complain, but the fact of the matter is that {state}.",
              "I have to say that I am not very happy about the fact that {state}."],
    "because": ["I just wanted to let you know that {state}, and the reason for this is that {state2}.",
                "The thing is that {state}, which is due to the fact that {state2}."],
    "two": ["I just wanted to let you know that {state}, {joint} I should also mention that {state2}.",
            "What I am basically trying to say is that {state} {joint} that, as far as I know, {state2}."],
    "ask": ["I have been thinking about something and I wanted to ask you the following: {question}?",
            "I am sorry to bother you again, but there is something that I would like to know: {question}?"],
    "thanks": ["I just wanted to take a moment of your time in order to thank you for {object}.",
               "Let me start by saying that I really want to thank you for {object}."],
    "about": ["I was just wondering whether there is perhaps anything new that you could tell me about {object}.",
              "It has been a while, so I thought that I would ask you about the current state of {object}."],
    "lets": ["I was thinking that it might perhaps be a good idea if we could {action} {time}.",
             "What would you think about the idea that the two of us {action} {time}?"],
}
FORMS = {"plain": PLAIN, "wordy": WORDY, "friendly": FRIENDLY, "professional": PROFESSIONAL, "concise": CONCISE}
CHOICES = [k for k in PLAIN for _ in range({"tell": 4, "do": 3, "angry": 2}.get(k, 1))]
FULL = {"can't": "cannot", "won't": "will not", "shan't": "shall not", "let's": "let us", "i'm": "I am"}
SHORT = re.compile(r"\b(\w+)(n't|'m|'re|'ve|'ll)\b")
CLOSINGS = (" Thanks a lot!", " Thank you!", " Thanks!", " Thank you so much!", " Have a great day!", " Hope that's okay!",
            " Could you please look into this?", " Thank you in advance.", " Could you have a look?")
TIMELESS = re.compile(r" *\{time\}")


def in_full(text):
    """Without contractions, but for 's, which may be a possessive."""
    def spell(m):
        whole, low = m.group(), m.group().lower()
        if low in FULL:
            full = FULL[low]
            return full[0].upper() + full[1:] if whole[0].isupper() else full
        tail = {"n't": " not", "'m": " am", "'re": " are", "'ve": " have", "'ll": " will"}
        return m.group(1) + tail[m.group(2)]

    text = re.sub(r"\b([Ii]t|[Tt]hat|[Tt]here|[Hh]e|[Ss]he|[Ww]hat) ?'s (?=(?:a|an|the|not|in|on|at|too|very|so|my|your)\b)",
                  r"\1 is ", text)
    text = re.sub(r"\blet's\b", "let us", text)
    return SHORT.sub(spell, text)


def part(rng, fragments):
    """One frame filled: {register: text}. A time is in all registers or in none."""
    frame = rng.choice(CHOICES)
    slots = fragments.draw(rng)
    slots["joint"] = "and"
    plain = rng.choice(PLAIN[frame])
    if ", but " in plain:
        slots["joint"] = "but"
    time = rng.choice(messages.TIMES).format(day=rng.choice(messages.DAYS), hour=rng.choice(messages.HOURS))
    timed = "{time}" in plain
    for key in list(slots):
        slots[key.capitalize()] = messages.capital(slots[key])
    slots["time"] = time
    out = {}
    for register, forms in FORMS.items():
        form = plain if register == "plain" else rng.choice(forms[frame])
        if not timed or "{time}" not in FRIENDLY[frame][0]:
            form = TIMELESS.sub("", form)
        text = form.format(**slots)
        out[register] = text if register == "plain" else messages.capital(text)
    out["professional"] = in_full(out["professional"])
    return out


def once(text):
    """A closing formula is said once, at its last place."""
    for closing in CLOSINGS:
        while text.count(closing) > 1:
            text = text.replace(closing, "", 1)
    return text


def message(rng, fragments, held_out=False):
    """One to three things that somebody writes, in every register, with the same greeting."""
    parts = []
    for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3))):
        if not held_out and rng.random() < 0.3:
            parts.append(messages.message(rng, named=False))
        else:
            parts.append(part(rng, fragments))
    name = rng.choice(fragments.lists["name"]) if rng.random() < 0.25 else None
    out = {}
    for register in FORMS:
        text = once(" ".join(p[register] for p in parts))
        out[register] = greet(rng, register, name, text) if name else text
    return out


def greet(rng, register, name, text):
    greeting = rng.choice([g for g in messages.GREETINGS[register] if g] + ["Hi {name}, "] * (register == "plain"))
    greeting = greeting.format(name=name)
    if greeting.endswith((", ", ": ")) and not re.match(r"I\b", text):
        text = text[0].lower() + text[1:]
    return greeting + text


def pair(rng, fragments, style, held_out=False):
    m = message(rng, fragments, held_out)
    source = "wordy" if style == "concise" and rng.random() < 0.7 else "plain"
    if style != "concise" and rng.random() < 0.15:
        source = rng.choice(("concise", "wordy"))
    if rng.random() < 0.04:
        source = style
    return m[source], m[style]


def clean_message(rng, fragments, held_out=False):
    """For proofreading: a message in any register that ends as a sentence does."""
    m = message(rng, fragments, held_out)
    text = messages.capital(m[rng.choice(("wordy", "friendly", "professional", "concise"))])
    return text if text[-1] in ".!?" else text + "."
