# SPDX-License-Identifier: MIT
"""Messages with what they want, of our own making: what replies are chosen by is learnt from them.

Most are the frames of messages.py; the others have forms here, in which "/" separates what may
stand in a place.
"""
import random
import re

import messages

KINDS = ("invitation", "meeting", "thanks", "apology", "problem", "request", "reminder", "congratulation", "sharing",
         "absence", "grief", "illness", "setback", "question", "other")
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
Bring a {who}/your {kin}/the {pet}, we are at the lake/in the park {time}!
My {kin}/Our {kin} is having a party/turns forty/comes to visit {time}. Will you join us?
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
Thank you for helping/driving/visiting my {kin}/our {kin}/walking the {pet}, {who}.
Thanks for having me/driving me home/telling me/calling me back/looking it up/waiting for me.
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
Sorry that I/I am sorry I lost/broke/spilled your book/your cup/the key.
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
My phone/laptop/battery/the printer/the engine is dead/died/broke down.
Something is wrong with the door/the water/the heating/my account.
Somebody parked in my place/broke the window/took my bike.""",
    "request": """Can/Could/Would you {task}/send me {thing}/give me {thing}/help me with {thing}, please?
Please {task}/send {thing}/check {thing}/sign {thing}/fill in the form {time}.
I need {thing}/your help/your address/your signature {time}.
Would you mind/Is it possible/Is there any chance to {task}?
Can you bring/buy/get/lend me some bread/milk/a drill/a book/your car/the ladder?
Let me know/Tell me/Please tell {name} when you are done/that the room has changed.
Can/Could you pick up/drive/call/look after my {kin}/my {who}/the {pet} {time}?
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
All the best/Happy birthday/Congratulations to your {kin}/{kin}/{who}/my {who}/dear {who}!
I loved {thing}/your talk/your cake/your article. It was great/wonderful/very good.
Get well soon!/I hope you feel better.
Sorry for your loss/I am so sorry for your loss/My condolences/My deepest sympathy, {name}/to you and your family.
I am sorry/We are so sorry to hear about your {kin}/your {pet}/your accident. Thinking of you/Stay strong.""",
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
I have to/must/need to cancel/miss/skip {event} {time}, my {who}/my {kin} needs/wants me there.
I will be late/I am running late/I am stuck in traffic, {reason}.
Unfortunately/I'm afraid {reason}, so I can't come.
{Event} {time} is cancelled/has to be cancelled/won't take place.
{Reason}, I will not make it {time}.
I am out of office/on holiday/away {time}.
Our train/ferry/bus/plane/car is delayed/late/full/broken, we/I will be late/won't be in time.
Our boss/My boss/The customer/A colleague needs me/wants me there, I have to cancel lunch/it {time}.
Don't wait for me, {reason}.""",
    "grief": """My {kin}/My {who} died/passed away/has died this morning/last night/{time}.
My {kin}/{kin}/The {who} died/is dead/passed away suddenly/unexpectedly/peacefully/after a long illness.
Our {pet}/The old {pet}/My {pet} died/had to be put down/is gone/was run over/went to heaven.
{name} died/passed away/has passed/is dead/was killed/took his own life/did not survive/drowned.
{name} is not with us any more/is no longer alive/has left us/is gone forever.
The funeral/burial/memorial service/cremation/wake of my {kin}/for {name} is {time}/is on {day}.
We buried/bury/said goodbye to my {kin}/the {pet}/{name} today/yesterday/{time}.
We lost/I have lost my {kin}/a dear {who}/my {kin}/him/her {time}.
There was a death/a loss/a suicide in the family/in our house. We are in mourning/grieving.
I had a miscarriage/lost the baby/a stillbirth. The baby did not live/was stillborn.
It is with great sadness/with a heavy heart that I/we tell you of the death/the passing of {name}.
She/He died in hospital/during the operation/in an accident/of cancer/at the age of ninety.
I miss my {kin}/him/her so much since he died/she is gone/the funeral.
Rest in peace, {name}/my {kin}/dear {who}. The ashes/coffin/grave.
{name} became a widow/an orphan/lost his {kin}/lost her {kin} in a crash/in the war.""",
    "illness": """I am sick/ill/unwell/not feeling well/in bed/at the doctor/at home with a fever/a cold/the flu/a stomach bug.
I have/caught/got a cold/the flu/a fever/a headache/a temperature/covid/an infection/a sore throat.
I have/got pneumonia/bronchitis/a migraine/a concussion/kidney stones/chickenpox/an inflammation/asthma.
I am ill/sick/have a fever and stay at home/will not come in/can't come/have to cancel {event} {time}.
My {kin}/{kin}/The little one/My {who} is sick/ill/has a fever/is in hospital/had a stroke/a heart attack.
{name}/My {kin}/{kin}/The baby is back in hospital/was taken to hospital/has to stay in the clinic again/for some days.
It is his/her heart/lungs/kidneys/liver again, the doctors do not know yet/are worried.
I have had/been having terrible pain/migraines/cramps/an allergy/a cough/a high temperature since {day}/for days.
We have to cancel/I must cancel {event} {time}, I am sick/ill/the kids are sick/{name} is ill.
{name} is in hospital/in intensive care/at the emergency room/had surgery/has to be operated {time}.
I was diagnosed/They diagnosed my {kin} with cancer/diabetes/depression/a tumour/burnout/dementia.
The doctor/doctors/biopsy/scan found/says/showed I have cancer/a tumour/need an operation/have to rest.
The chemo/chemotherapy/radiation/treatment/therapy starts/makes me weak {time}.
I broke/sprained/hurt/twisted my arm/leg/ankle/wrist/back/knee/ribs/hip/shoulder and need surgery/can't walk.
I fell down the stairs/off my bike/slipped and need crutches/stitches/a plaster/a cast.
It is a slipped disc/a torn ligament/an appendix, I can barely/hardly move/walk/speak/eat.
I had an operation/surgery/an accident and I am in pain/still weak/on sick leave.
I feel terrible/awful/dizzy/so weak, threw up/vomited/was throwing up all night/can't keep anything down.
My back/head/stomach/tooth hurts so much/is killing me, the doctor sent me home.
The test was positive/I tested positive/am contagious and have to stay at home.""",
    "setback": """I lost/have lost my job/work/position/was fired/got fired/got sacked/was laid off/was dismissed/am unemployed {time}.
They fired me/fired half of us/let me go/closed the company/cut my job/did not renew my contract.
I did not get/They rejected me for/turned me down for the job/the flat/the place/the grant/the scholarship/the promotion.
I was not accepted/did not get into the school/university/programme/team.
I failed/did not pass/flunked my exam/the test/my driving test/the year/my finals.
My application/request/visa/loan/paper/appeal was rejected/denied/refused/turned down.
{name} left me/broke up with me/dumped me/and I broke up/and I separated/and I are getting divorced/wants a divorce.
My boyfriend/girlfriend/{kin}/partner left me/cheated on me/moved out. My marriage/relationship is over.
Our house/flat/cellar/basement burned down/was flooded/was broken into/was robbed. Everything is ruined/gone/destroyed.
My bike/wallet/bag/car/phone was stolen/got stolen/I was robbed/mugged/scammed. Someone/A thief/A burglar stole it.
I had a car crash/a car accident/the car is wrecked/totalled. Nobody was hurt.
I lost all my money/my savings/a lot of money, I am broke/in debt/bankrupt/ruined.
We are losing the flat/were evicted/have to move out/must sell the house. The landlord throws us out.
I feel so sad/down/lonely/alone/depressed/unhappy/miserable/lost/desperate/hopeless today/here/at the moment.
I am so stressed/worried/nervous/scared/afraid/overwhelmed because of the exam/about tomorrow/at work.
I can't stop crying/don't know how to go on/want to cry/can't take it any more/it is too much for me.
Everything goes/went wrong/It was a horrible/terrible/awful week/day/year for me.
I have bad/sad/terrible news/Bad news: they said no/it did not work out.
We lost the case/lost in court/the court/the judge decided against us/against me.
We can't have/will never have children, we tried for years.
The company/Our shop/My business is bankrupt/closes/went bankrupt/our team was cut. I am devastated/heartbroken/so disappointed.""",
    "question": """What/Where/Who/Which/When/Why/How is {thing}/the bus/the right one/the name of the doctor?
How much/How many/How long/How far is it/does it cost/does it take/do you need?
Do you know/Any idea where/when/who/how/why {event} is/he lives/this works?
Did you/Have you see/seen/hear/read about/met {name}?
How is/How are/Where is/How old is your {kin}/the {pet}/your {who} now/today?
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
We lost/won the game/match. It was fun/close/exciting.
A sad/scary/funny film/book/story about a dog/a murder/a hospital.
My {kin}/{kin}/neighbour/Our {kin} works/started/is at the hospital/as a doctor/at a school.
There is some/We have cake/soup/wine/bread left from yesterday.
I got up/woke up/went to bed/came back early/late today.
I had pizza/a long day/a good time with {name}.
The {pet}/Our {pet}/baby sleeps/is asleep at last/is fine/ate everything.
The kids/The children are asleep/are playing/are back/grow so fast.
My {who}/My {kin}/The {who} bought/got/found a new car/job/flat/{pet}.
My {who}/{kin} is here/called/moved/comes back from Spain/slept well.
Nothing new here./All good./Good morning!/Good night.""",
}


ILL = re.compile(r"\b(?:sick|ill|fever|cold)\b")


def kind_of(kind, text):
    """Who stays away because of an illness speaks of that."""
    return "illness" if kind == "absence" and ILL.search(text.lower()) else kind


def part(rng, text):
    """Of each run of alternatives up to two neighbours, so that words come in many companies."""
    out = []
    for piece in re.split(r"(?<=[.!?,:]) ", text):
        ways = piece.split("/")
        at = rng.randrange(len(ways))
        out += ways[at:at + rng.randrange(1, 3)] if len(ways) > 1 else ways
    return " ".join(out)


WHO = "friend neighbour colleague teacher godfather cousin roommate old_friend best_friend".split()
PETS = "dog cat rabbit horse hamster guinea_pig parrot".split()
KIN = """mother father mum dad mom sister brother son daughter wife husband aunt uncle cousin grandmother grandfather
grandma grandpa granny nephew niece""".split()


def letter(rng, kind):
    """A message of the kind, at times with a greeting and what else is said."""
    slots = messages.choose_slots(rng, False)
    slots.update(kin=rng.choice(KIN), who=rng.choice(WHO).replace("_", " "), pet=rng.choice(PETS).replace("_", " "))
    frames = [f for f, k in FRAMES.items() if k == kind]
    if frames and rng.random() < 0.4:
        register = rng.choice(("plain", "friendly", "professional", "concise", "wordy"))
        text = messages.sentence(rng, rng.choice(frames), register, slots)
    else:
        text = part(rng, rng.choice(FORMS[kind].split("\n"))).format(**slots)
        # Bad news is what a message is about, whatever follows from it.
        if kind in ("grief", "illness", "setback") and rng.random() < 0.15:
            more = part(rng, rng.choice(FORMS["absence"].split("\n"))).format(**slots)
            text = rng.choice((f"{text} {more}", f"{more} {text}"))
    greeting = rng.choice(("", "", "", "Hi {name}, ", "Hello {name}! ", "Dear {name}, ", "hey, ")).format(**slots)
    end = rng.choice(("", "", "", " Thanks!", " Best, {name}", " See you!", " Regards, {name}")).format(**slots)
    text = greeting + text + ("" if kind in ("thanks", "request") and "hank" in end else end)
    return text.lower() if rng.random() < 0.2 else text


if __name__ == "__main__":
    r = random.Random(1)
    for k in KINDS:
        for _ in range(4):
            print(k, "|", letter(r, k))
