# SPDX-License-Identifier: MIT
"""Messages with what they want, of our own making: what replies are chosen by is learnt from them.

Most are the frames of messages.py; the others have forms here, in which "/" separates what may
stand in a place.
"""
import random
import re

import messages

KINDS = ("invitation", "meeting", "thanks", "apology", "problem", "request", "reminder", "congratulation", "sharing",
         "absence", "question", "other")
FRAMES = {"invite": "invitation", "meet": "meeting", "thanks": "thanks", "problem": "problem", "request": "request",
          "task": "request", "waiting": "reminder", "praise": "congratulation", "done": "sharing", "refuse": "absence",
          "ask_when": "question"}
FORMS = {
    "invitation": """Do you want to/Would you like to/Want to come/join us/come along for/to {event} {time}?
We are having/throwing a party/a dinner/some friends over {time}. Can you come?/Will you join us?
You are invited to {event} {time}. Please let us know if you can come.
I have tickets for the concert/the game {time}. Interested?/Do you want one?
Come over {time}, we cook/watch a film/play cards. You in?
It would be great to see you at {event} {time}!
Fancy/How about a beer/a coffee/lunch/a walk/a film {time}?
I would love to have you at my wedding/birthday/housewarming {time}.
Shall we go out/swimming/for a drink {time}? Everybody is coming.""",
    "meeting": """Does {day} at {hour} work/suit/fit for you/you?
Are you free/available for a call/a meeting/a chat {time}?
Let's discuss/go over/talk about {thing} {time}.
Can we meet/talk/speak {time}? I would suggest {hour}.
I would like to move/reschedule/postpone {event} to {day}. Is that fine/okay?
When would be a good time to meet/call/talk?
{Event} is on {day} at {hour}. Does that work for you?
How about {day}, {hour}?/What about {day} at {hour} instead?
Please suggest a time for {event}.
I could do {day} or {day}, which is better for you?""",
    "thanks": """Thanks/Thank you/Many thanks/Thanks a lot for your help/everything/{thing}/the quick reply/coming!
I really appreciate it/your help/that you did this.
That was very kind of you, thanks.
Thanks for letting me know/taking the time/the lovely evening.
I am so grateful for all you did.
Cheers, that helped a lot.
You saved my day, thank you so much!""",
    "apology": """Sorry/I am sorry/So sorry/I'm very sorry for the delay/being late/the mistake/what I said/the noise.
Sorry that I did not answer/call back/come/reply sooner/forgot {thing}.
I apologize/My apologies for the late reply/the inconvenience/the trouble/my behaviour.
I forgot {event}, my fault/my mistake/my bad.
Please forgive me/excuse me/excuse the mess, I was tired.
I feel bad about yesterday. I should not have shouted.
We apologize that your order was late.""",
    "problem": """{Problem}./{Problem} again./I think {problem}.
I can't/cannot open/log in to/find/print {thing}.
There is a problem/an error/something wrong with {thing}.
{Thing} does not work/is broken/is wrong/has an error/is missing a page.
The computer/app/site/phone/washing machine/car/light crashes/stopped working/makes a strange noise/does not start.
I get an error when I save/send/start it.
My order/delivery/package arrived damaged/without the cable/is incomplete.
We were charged twice/billed too much for {thing}.
Something is wrong with the door/the water/the heating/my account.
Somebody parked in my place/broke the window/took my bike.""",
    "request": """Can/Could/Would you {task}/send me {thing}/give me {thing}/help me with {thing}, please?
Please {task}/send {thing}/check {thing}/sign {thing}/fill in the form {time}.
I need {thing}/your help/your address/your signature {time}.
Would you mind/Is it possible/Is there any chance to {task}?
Can you bring/buy/get/lend me some bread/milk/a drill/a book/your car/the ladder?
Let me know/Tell me/Please tell {name} when you are done/that the room has changed.
Could I borrow/have/get {thing}?
I would be grateful if you could {task}.
It would be helpful to have {thing} {time}.
Give me a call/Call me back {time}.""",
    "reminder": """I am still/We are still waiting for {thing}.
Any news/Any update on/about {thing}?
Have you had/Did you get a chance/time to look at/read/sign {thing}?
Just a reminder/Don't forget/Friendly reminder that {thing}/{event} is due {time}.
We have not received/have not heard/got {thing}/your payment/anything from you yet.
Did you get my message/email/last letter about {thing}?
Your payment/invoice/answer is overdue.
I wrote to you last week about {thing}. What is the status?
You promised to send {thing} {time}.""",
    "congratulation": """Happy birthday!/Happy new year!/Merry Christmas!/Happy anniversary! Have a great day.
Congratulations/Congrats on/to your new job/exam/the baby/the house/your wedding!
Well done!/Great job!/Great work!/You did great!/Fantastic talk!
Good luck/Best of luck/All the best with/for {event}/your exam/the new job!
I am so proud/happy for you.
Best wishes to you both/for the future.
I loved {thing}/your talk/your cake/your article. It was great/wonderful/very good.
Get well soon!/I hope you feel better.""",
    "sharing": """Here is/are {thing}./Here you go: {thing}.
I have attached/Attached is/Please find attached {thing}.
I just sent/forwarded/mailed/uploaded {thing}/you {thing}.
You can find/get {thing} in the shared folder/on my desk/here.
For your information: {thing}./FYI, {thing}.
This is the address/number/link/recipe: Hill Street 4.
{Thing} is ready/done/online now.
I put {thing} on your desk/into the folder.
Have a look at this article/picture/video.""",
    "absence": """I can't/cannot/won't be able to/will not come/make it/attend/be there {time}/to {event}.
I am sick/ill/not feeling well/at the doctor and stay at home/will not come in {time}.
I have to/must/need to cancel/miss/skip {event} {time}.
I will be late/I am running late/I am stuck in traffic, {reason}.
Unfortunately/I'm afraid {reason}, so I can't come.
{Event} {time} is cancelled/has to be cancelled/won't take place.
{Reason}, I will not make it {time}.
I am out of office/on holiday/away {time}.
Don't wait for me, {reason}.""",
    "question": """What/Where/Who/Which/When/Why/How is {thing}/the bus/the right one/the name of the doctor?
How much/How many/How long/How far is it/does it cost/does it take/do you need?
Do you know/Any idea where/when/who/how/why {event} is/he lives/this works?
Did you/Have you see/seen/hear/read about/met {name}?
Is/Are/Was/Were the flat/you/it/they still available/at home/open/good/there?
What time/Which day does it start/do you open/close?
What do you think/did he say about {thing}?
What does this mean/is this for?""",
    "other": """I am at {place}/on the train/home now/on my way.
We went to {place}/the lake/the mountains and it was nice/cold/great.
It is raining/snowing/very hot here.
The new neighbour/teacher/boss seems nice/strange.
{name} is here/back/says hello.
Just watched/finished/saw a film/the game/a book about it.
I had pizza/a long day/a good time with {name}.
The dog/cat/baby sleeps/is fine/ate everything.
Nothing new here./All good./Good morning!/Good night.""",
}


def part(rng, text):
    """Of each run of alternatives up to two neighbours, so that words come in many companies."""
    out = []
    for piece in re.split(r"(?<=[.!?,:]) ", text):
        ways = piece.split("/")
        at = rng.randrange(len(ways))
        out += ways[at:at + rng.randrange(1, 3)] if len(ways) > 1 else ways
    return " ".join(out)


def letter(rng, kind):
    """A message of the kind, at times with a greeting and what else is said."""
    slots = messages.choose_slots(rng, False)
    frames = [f for f, k in FRAMES.items() if k == kind]
    if frames and rng.random() < 0.4:
        register = rng.choice(("plain", "friendly", "professional", "concise", "wordy"))
        text = messages.sentence(rng, rng.choice(frames), register, slots)
    else:
        text = part(rng, rng.choice(FORMS[kind].split("\n"))).format(**slots)
    greeting = rng.choice(("", "", "", "Hi {name}, ", "Hello {name}! ", "Dear {name}, ", "hey, ")).format(**slots)
    end = rng.choice(("", "", "", " Thanks!", " Best, {name}", " See you!", " Regards, {name}")).format(**slots)
    text = greeting + text + ("" if kind in ("thanks", "request") and "hank" in end else end)
    return text.lower() if rng.random() < 0.2 else text


if __name__ == "__main__":
    r = random.Random(1)
    for k in KINDS:
        for _ in range(4):
            print(k, "|", letter(r, k))
