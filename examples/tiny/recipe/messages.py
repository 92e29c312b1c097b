# SPDX-License-Identifier: MIT
"""Short everyday messages of our own making, each in four registers with the same content.

A frame is one thing that people write to each other; its forms say it plainly, in a friendly,
a professional and a concise way. Slots are filled from lists. Every tenth filler is kept for
evaluation, and so are two whole frames: what a model is measured on, it has not seen.
"""
import random

NAMES = """Anna Ben Carla David Elena Frank Grace Henry Irene Jack Karen Leo Maria Nick Olga Paul
Rosa Sam Tina Victor Wendy Alex Bella Chris Diana Eric Fiona George Helen Ivan Julia Kevin Laura
Mark Nina Oliver Peter Rachel Simon Teresa Tom Ursula Vera Walter Sarah Daniel Emma Lucas Mia
Noah Priya Omar Yuki Lena Hugo Clara Jonas Amira Felix Ines Marco Sofia Theo Zoe Adam Ruth""".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
TIMES = """tomorrow|tonight|this afternoon|this evening|next week|tomorrow morning|by noon|
on {day}|on {day} morning|by {day}|before {day}|at {hour}|at {hour} on {day}|this week|today|
by the end of the day|by the end of the week|before lunch|after lunch|next {day}|
in an hour|in ten minutes|in two days""".replace("\n", "").split("|")
HOURS = """8 am|9 am|10 am|11 am|noon|1 pm|2 pm|3 pm|4 pm|5 pm|6 pm|7 pm|half past nine|half past two|
10:30|14:15|a quarter to six|8:45""".replace("\n", "").split("|")
THINGS = """the report|the slides|the invoice|the contract|the budget|the meeting notes|the photos|
the address|the spreadsheet|the draft|the schedule|the password for the printer|the shopping list|
the signed form|the price list|the project plan|the sales figures|the test results|the door code|
the translation|the receipt|the guest list|the travel plan|the booking number|the presentation|
the feedback|the new version|the list of names|the phone number of the plumber|the recipe|
the agenda|the final numbers|the logo|the letter|the application|the time sheet|the key|
the order number|the insurance papers|the map|the menu|the ticket|the manual|the summary|
the customer list|the cost estimate|the floor plan|the training material|the survey|
the bank details|the packing list|the proposal""".replace("\n", "").split("|")
EVENTS = """the meeting|the call|dinner|lunch|the workshop|the appointment|the interview|the party|
the training|the review|the presentation|our walk|the concert|the class|the delivery|the inspection|
the team lunch|the parents' evening|the planning session|the demo|the visit|the repair|
the birthday party|the conference|the football game|the doctor's appointment|the barbecue|
the handover|the book club|the trip""".replace("\n", "").split("|")
PLACES = """the office|the kitchen|the station|the cafe|the library|the school|room 12|the main entrance|
the garage|the market|the park|the hotel|the second floor|the warehouse|the airport|the bakery|
the meeting room|my place|the reception|the garden|the bus stop|the gym""".replace("\n", "").split("|")
PROBLEMS = """the printer is broken|the heating does not work|the website is down|the train is late|
the file does not open|the light in the hall is out|the numbers do not add up|the link is broken|
my laptop crashed|the door is locked|the package has not arrived|the room is double booked|
the coffee machine leaks|the invoice is wrong|the car will not start|the screen stays black|
the internet is very slow|two pages are missing|the address is wrong|the alarm keeps ringing|
the elevator is stuck|the sound is too low|the update failed|the order is incomplete|
the window does not close|the projector is missing""".replace("\n", "").split("|")
TASKS = """water the plants|feed the cat|check the numbers|call the customer|book a table|
order more paper|clean the kitchen|pick up the kids|update the list|take out the trash|
review my draft|lock the door|buy some milk|fix the link|reserve the room|print the tickets|
answer the email|move the car|sign the form|test the new version|proofread the letter|
close the window|set up the projector|walk the dog|back up the files|confirm the booking|
translate the text|share the document|invite the others|renew the contract|
charge the battery|return the books""".replace("\n", "").split("|")
REASONS = """I am sick|my train was cancelled|I have another meeting|my son has a fever|
I am still at the dentist|I missed the bus|the traffic is terrible|I have to finish the report|
my car broke down|I forgot about it|the plumber is coming|I am on holiday|I have a deadline|
my flight is delayed|I have a bad cold|we have guests|I am stuck at work|
the client called|the babysitter cancelled|I need to rest""".replace("\n", "").split("|")
ADJECTIVES = """very good|excellent|clear and helpful|really useful|well written|too long|hard to read|
not finished|incomplete|out of date|great|easy to follow|confusing|better than last time|
impressive|a bit short""".replace("\n", "").split("|")

LISTS = {"name": NAMES, "day": DAYS, "time": TIMES, "hour": HOURS, "thing": THINGS, "event": EVENTS,
         "place": PLACES, "problem": PROBLEMS, "task": TASKS, "reason": REASONS, "adj": ADJECTIVES}

STYLES = ("friendly", "professional", "concise")

# name: {register: forms}. "plain" is what people type; "wordy" is what "concise" shortens.
FRAMES = {
    "request": {
        "plain": ["Send me {thing} {time}.", "I need {thing} {time}.", "Give me {thing} {time}.",
                  "I want {thing} {time}.", "Where is {thing}? I need it {time}.",
                  "send {thing} {time}", "You have to send me {thing} {time}."],
        "friendly": ["Could you send me {thing} {time}? That would be great!",
                     "Would you mind sending me {thing} {time}? Thanks a lot!",
                     "It would be lovely if you could send me {thing} {time}!"],
        "professional": ["Could you please send me {thing} {time}?",
                         "I would appreciate it if you could send me {thing} {time}.",
                         "Would you kindly provide {thing} {time}?"],
        "concise": ["Please send {thing} {time}."],
        "wordy": ["I just wanted to ask whether it would maybe be possible for you to send me {thing} {time}.",
                  "I am writing to you because I would really like to ask you to send me {thing} {time}.",
                  "If it is not too much trouble, I was wondering if you could perhaps send me {thing} {time}."],
    },
    "task": {
        "plain": ["{Task} {time}.", "You need to {task} {time}.", "You must {task} {time}.",
                  "{Task}. Do it {time}.", "Don't forget to {task} {time}."],
        "friendly": ["Could you {task} {time}? You would really help me out!",
                     "Would you be so kind as to {task} {time}? Thank you so much!",
                     "Can you {task} {time}, please? I would be so happy!"],
        "professional": ["Could you please {task} {time}?",
                         "I would be grateful if you could {task} {time}.",
                         "Please ensure that you {task} {time}."],
        "concise": ["Please {task} {time}."],
        "wordy": ["I just wanted to remind you that it would be really good if you could {task} {time}.",
                  "I was thinking that maybe you could possibly find the time to {task} {time}.",
                  "What I would like to ask of you is that you please {task} {time}."],
    },
    "problem": {
        "plain": ["{Problem}.", "{Problem}. Fix it.", "{Problem} again.", "Why is nobody doing anything? {Problem}.",
                  "{Problem} and nobody cares."],
        "friendly": ["Just a quick heads-up: {problem}. Could you have a look? Thanks!",
                     "Hey, it seems that {problem}. Any chance you could help? Thank you!",
                     "Sorry to bother you, but {problem}. Could you help me out?"],
        "professional": ["I would like to inform you that {problem}. Could you please look into this?",
                         "Please note that {problem}. I would appreciate your help.",
                         "I am writing to report that {problem}. Thank you for looking into this."],
        "concise": ["{Problem}. Please fix."],
        "wordy": ["I am sorry to have to tell you this, but I have noticed that {problem}, so it would be nice if somebody could fix it.",
                  "I just wanted to let you know that, as far as I can tell, {problem}, and I think that it should be fixed.",
                  "It has come to my attention that {problem}, which is something that somebody should probably fix."],
    },
    "move": {
        "plain": ["{Event} is {time}.", "{Event} is now {time}.", "We moved {event}. It is {time} now.",
                  "I moved {event}. New time: {time}."],
        "friendly": ["Just so you know, {event} is now {time}. Hope that works for you!",
                     "Quick update: {event} is now {time}. See you there!",
                     "Good news, {event} is now {time}. Looking forward to it!"],
        "professional": ["Please note that {event} will take place {time}.",
                         "I would like to inform you that {event} will now take place {time}.",
                         "Kindly note that {event} has been moved and will take place {time}."],
        "concise": ["{Event}: {time}."],
        "wordy": ["I just wanted to let you know that {event} is actually going to take place {time}.",
                  "I am writing to let everybody know that there has been a change and {event} will now be {time}.",
                  "In case you have not heard yet, I thought that I would tell you that {event} is {time}."],
    },
    "decline": {
        "plain": ["I can't come to {event}. {Reason}.", "I won't be at {event}, {reason}.", "No, I can't make {event}. {Reason}.",
                  "Not coming to {event}. {Reason}."],
        "friendly": ["I am so sorry, but I can't make it to {event}: {reason}. Have fun without me!",
                     "Sadly I will miss {event} because {reason}. Let's catch up soon!",
                     "Oh no, I can't come to {event} because {reason}. Next time for sure!"],
        "professional": ["Unfortunately, I am unable to attend {event} because {reason}.",
                         "I regret that I cannot attend {event}, as {reason}.",
                         "Please accept my apologies for {event}, as {reason}."],
        "concise": ["Can't attend {event}: {reason}."],
        "wordy": ["I am really very sorry to have to say this, but unfortunately I will not be able to come to {event} because {reason}.",
                  "I have been thinking about it, and I am afraid that I will have to miss {event}, since {reason}.",
                  "It is with great regret that I have to tell you that I can't come to {event}, and that is because {reason}."],
    },
    "late": {
        "plain": ["I'm late. {Reason}.", "I will be late for {event}. {Reason}.", "Start {event} without me, {reason}.",
                  "Running late, {reason}."],
        "friendly": ["Sorry, I am running a little late because {reason}. See you soon!",
                     "So sorry, {reason}! I will be there as soon as I can.",
                     "Please don't wait for me, {reason}. I can't wait to see you!"],
        "professional": ["I apologize, but I will be late because {reason}.",
                         "Please excuse my delay, as {reason}.",
                         "My apologies: I will arrive later than planned, as {reason}."],
        "concise": ["I'll be late: {reason}."],
        "wordy": ["I am very sorry, but I wanted to let you know that I am going to be a bit late, because {reason}.",
                  "Just to let you know in advance, it looks like I will be late, and the reason is that {reason}.",
                  "I have to apologize because it seems that I will be late today, since {reason}."],
    },
    "invite": {
        "plain": ["Come to {event} {time}.", "{Event} {time}. Are you coming?", "You should come to {event} {time}.",
                  "We have {event} {time}. Come."],
        "friendly": ["We would love to have you at {event} {time}! Can you make it?",
                     "Would you like to join us for {event} {time}? It will be fun!",
                     "Please come to {event} {time}! It won't be the same without you."],
        "professional": ["You are cordially invited to {event} {time}.",
                         "I would like to invite you to {event} {time}.",
                         "We would be pleased to welcome you to {event} {time}."],
        "concise": ["Join us for {event} {time}?"],
        "wordy": ["I was just wondering if you might perhaps be interested in coming to {event} {time}, if you have the time.",
                  "As you may or may not already know, there is {event} {time}, and we were hoping that you would come.",
                  "I am writing because I thought that you might possibly like to join us for {event} {time}."],
    },
    "praise": {
        "plain": ["{Thing} is {adj}.", "I read {thing}. It is {adj}.", "{Thing} was {adj}.",
                  "I looked at {thing} and it is {adj}."],
        "friendly": ["I had a look at {thing}, and I think it is {adj}. Thanks for your work!",
                     "Thanks so much for {thing}! I find it {adj}.",
                     "Thank you for {thing}! In my eyes it is {adj}."],
        "professional": ["Thank you for {thing}. In my view, it is {adj}.",
                         "I have reviewed {thing} and consider it {adj}.",
                         "Having reviewed {thing}, I find it {adj}."],
        "concise": ["{Thing}: {adj}."],
        "wordy": ["I finally found the time to take a look at {thing}, and what I think about it is that it is {adj}.",
                  "After having read {thing} from the beginning to the end, I have to say that it is {adj}.",
                  "I just wanted to give you some feedback on {thing}, which in my opinion is {adj}."],
    },
    "ask_when": {
        "plain": ["When is {event}?", "When is {event}? Tell me.", "Tell me when {event} is.",
                  "You didn't say when {event} is."],
        "friendly": ["Do you happen to know when {event} is? Thanks!",
                     "Could you tell me when {event} is? I am looking forward to it!",
                     "Quick question: when is {event}? Thank you!"],
        "professional": ["Could you please let me know when {event} will take place?",
                         "I would like to ask when {event} will take place.",
                         "Would you kindly confirm the time of {event}?"],
        "concise": ["When is {event}?"],
        "wordy": ["I am sorry to bother you, but I was wondering if you could maybe tell me when {event} is.",
                  "I have been trying to find out when {event} is, so I thought that I would just ask you.",
                  "There is one thing that I would like to know, and that is when {event} is."],
    },
    "meet": {
        "plain": ["Meet me at {place} {time}.", "Be at {place} {time}.", "Come to {place} {time}.",
                  "We meet at {place} {time}."],
        "friendly": ["Shall we meet at {place} {time}? I am looking forward to seeing you!",
                     "How about meeting at {place} {time}? Can't wait!",
                     "Let's meet at {place} {time}! See you then."],
        "professional": ["Could we meet at {place} {time}?",
                         "I would like to suggest that we meet at {place} {time}.",
                         "May I propose a meeting at {place} {time}?"],
        "concise": ["Meet at {place} {time}?"],
        "wordy": ["I was thinking that it might perhaps be a good idea if we could meet at {place} {time}.",
                  "If you have some time, I would really like to suggest that maybe we could meet at {place} {time}.",
                  "What do you think about the idea that the two of us could meet at {place} {time}?"],
    },
    "done": {
        "plain": ["I sent {thing}.", "I sent you {thing}. Check it.", "{Thing} is in your inbox. Look at it.",
                  "You got {thing}. Read it."],
        "friendly": ["I just sent you {thing}. Let me know if you need anything else!",
                     "You should have {thing} now. Hope it helps!",
                     "I sent {thing} over to you. Have a great day!"],
        "professional": ["I have sent you {thing}. Please let me know if you have any questions.",
                         "Please find {thing} in your inbox.",
                         "I have forwarded {thing} for your review."],
        "concise": ["{Thing} sent."],
        "wordy": ["I just wanted to let you know that I have now finally sent you {thing}, so you can take a look at it.",
                  "This is to tell you that {thing} should already be in your inbox, because I have sent it to you.",
                  "As we discussed before, I have gone ahead and sent you {thing}, which you should have by now."],
    },
    "refuse": {
        "plain": ["No. I won't {task}.", "I can't {task}. {Reason}.", "I don't have time to {task}.",
                  "Ask somebody else to {task}."],
        "friendly": ["I would love to help, but I can't {task} right now. I hope you understand!",
                     "I am so sorry, I can't {task} this time. Maybe next time!",
                     "I wish I could {task}, but I am busy right now. Sorry!"],
        "professional": ["Unfortunately, I am unable to {task} at the moment.",
                         "I regret that I cannot {task} at this time.",
                         "I am afraid that I am not in a position to {task} at present."],
        "concise": ["Sorry, I can't {task}."],
        "wordy": ["I have really thought about it for a while, but I am afraid that I will not be able to {task}.",
                  "I am sorry to have to disappoint you, but at this point in time I simply can't {task}.",
                  "As much as I would like to say yes, the truth is that I am not able to {task}."],
    },
    "waiting": {
        "plain": ["I'm still waiting for {thing}.", "Where is {thing}?", "You still haven't sent {thing}.",
                  "I asked for {thing} last week. Where is it?"],
        "friendly": ["Just checking in about {thing}. No rush, and thanks a lot!",
                     "Any news about {thing}? Thank you so much!",
                     "Hope you are well! Do you have an update on {thing}?"],
        "professional": ["I would like to follow up on {thing}. Could you please provide an update?",
                         "Could you please let me know the status of {thing}?",
                         "May I ask when I can expect {thing}?"],
        "concise": ["Any update on {thing}?"],
        "wordy": ["I do not want to put any pressure on you, but I am still waiting for {thing} and wanted to ask about it.",
                  "I was just wondering what the current situation is with regard to {thing}, since I have not received it.",
                  "It has been a while since we talked about it, so I wanted to ask you if there is anything new about {thing}."],
    },
    "thanks": {
        "plain": ["Thanks for {thing}.", "Got {thing}.", "I have {thing} now.", "Received {thing}."],
        "friendly": ["Thank you so much for {thing}! You are the best.",
                     "Thanks a million for {thing}! I really appreciate it.",
                     "Wow, thanks for {thing}! That helps a lot."],
        "professional": ["Thank you very much for {thing}. I appreciate your support.",
                         "I confirm that I have received {thing}. Thank you.",
                         "Many thanks for providing {thing}."],
        "concise": ["Thanks for {thing}."],
        "wordy": ["I just wanted to take a moment of your time in order to thank you for {thing}, which I received.",
                  "I am writing this message to let you know that I got {thing}, and I wanted to say thank you for it.",
                  "Let me start by saying that I really want to thank you for {thing}."],
    },
}
HELD_OUT_FRAMES = ("waiting", "meet")


def fillers(name, held_out):
    """The fillers of one list that a split may use; days and hours are too few to divide."""
    values = [v for v in LISTS[name] if v]
    if name in ("day", "hour", "time", "adj"):
        return values
    return [v for i, v in enumerate(values) if (i % 10 == 3) == held_out]


def choose_slots(rng, held_out):
    slots = {k: rng.choice(fillers(k, held_out)) for k in LISTS}
    slots["time"] = slots["time"].format(day=slots["day"], hour=slots["hour"])
    for k in ("thing", "event", "problem", "reason", "task"):
        slots[k.capitalize()] = slots[k][0].upper() + slots[k][1:]
    return slots


def capital(text):
    return text[0].upper() + text[1:]


def sentence(rng, frame, register, slots):
    return capital(rng.choice(FRAMES[frame][register]).format(**slots))


GREETINGS = {
    "plain": ["", "", "", "{name}, "],
    "friendly": ["Hi {name}! ", "Hey {name}! ", "Hello {name}! ", "Hi {name}! "],
    "professional": ["Dear {name}, ", "Hello {name}, ", "Dear {name}, "],
    "concise": ["", "", "{name}: "],
}
GREETINGS["wordy"] = GREETINGS["plain"]


def message(rng, held_out=False, frames=None, named=True):
    """One message in every register: {register: text} and the slots that it must keep."""
    names = frames or [f for f in FRAMES if (f in HELD_OUT_FRAMES) == (held_out == "frames")]
    chosen = rng.sample(names, min(len(names), rng.choice((1, 1, 1, 2))))
    parts = [(f, choose_slots(rng, bool(held_out))) for f in chosen]
    name = parts[0][1]["name"] if rng.random() < 0.4 and named else None
    out = {}
    for register in ("plain", "wordy") + STYLES:
        text = " ".join(sentence(rng, f, register, s) for f, s in parts)
        greeting = rng.choice(GREETINGS[register]) if name else ""
        if name and register in STYLES:
            greeting = rng.choice([g for g in GREETINGS[register] if g])
        if name and not greeting:
            greeting = name + ", "
        if greeting.endswith((", ", ": ")) and not text.startswith(("I ", "I'm")):
            text = text[0].lower() + text[1:]
        out[register] = greeting.format(name=name) + text
    out["keep"] = [name] if name else []
    return out


def tone_pair(rng, style, held_out=False):
    m = message(rng, held_out)
    source = "wordy" if style == "concise" and rng.random() < 0.75 else "plain"
    if style != "concise" and rng.random() < 0.2:
        source = "concise"
    if rng.random() < 0.05:
        source = style
    return m[source], m[style]


def plain_text(rng, held_out=False):
    """A clean message in any register, for language modelling and proofreading."""
    m = message(rng, held_out)
    text = m[rng.choice(("plain", "wordy") + STYLES)]
    return text if text[-1] in ".!?" else text + "."


if __name__ == "__main__":
    r = random.Random(1)
    for _ in range(8):
        for s in STYLES:
            print(s, tone_pair(r, s))
