# SPDX-License-Identifier: MIT
"""Notifications of our own making, with what they are; what terms/notices.tsv sorts them by is learnt from.

A form is "app|summary|body" with slots; "/" separates what may stand in a place, and a sentence
takes up to three neighbours of it: what is learnt is which words tell a kind, not how they
follow each other. Chats carry what people write to each other, as messages.py has it.
"""
import random
import re

import messages

LEVELS = {"danger": 2, "code": 2, "security": 2, "deadline": 2, "question": 1, "message": 1, "news": 1,
          "social": 0, "promotion": 0, "spam": 0, "system": 0}
KINDS = tuple(LEVELS)

CHAT = "Messages/WhatsApp/Signal/Telegram/Slack/Discord/Element/SMS/Teams/Chat"
SLOTS = {
    "chat": CHAT.split("/"),
    "mail": "Mail/Mail/Thunderbird/Gmail/Outlook/Evolution".split("/"),
    "bank": "Bank/Northbank/City Bank/Sparkasse/Savings Bank/Credit Union/PayPal/Visa".split("/"),
    "company": "Globex/Initech/Acme/Umbrella Ltd/Hooli/Soylent/Wayne Services/Stark Supplies/Bluth Homes".split("/"),
    "shop": "Shop/Amazon/eBay/Zalando/Market/Store/BookHouse/Shoes Online/Gadget World/Fashion Club".split("/"),
    "net": "Facebook/Instagram/LinkedIn/X/Twitter/Mastodon/TikTok/YouTube/Strava/Pinterest/Reddit/Photos".split("/"),
    "home": "Home/Home Assistant/Alarm/Camera/Doorbell/Smart Home/Sensor".split("/"),
    "sys": "System/Settings/Software/Updates/Files/Backup/Desktop/Network/Printer/Power".split("/"),
    "calendar": "Calendar/Reminders/Tasks/Agenda/To do".split("/"),
    "city": "Lagos/Moscow/Jakarta/Lima/Toronto/Kiev/Madrid/Hanoi/Denver/Minsk".split("/"),
    "device": "a new device/an iPhone/a Windows computer/Chrome on Linux/an unknown browser/a Pixel phone".split("/"),
    "carrier": "Parcelbox/DHL/UPS/FedEx/Post/Royal Mail/Hermes/Courier".split("/"),
    "ride": "Taxi/Uber/CarShare/Cab/Bolt".split("/"),
    "travel": "Rail/Airport/Airline/Trains/Flights/Bus".split("/"),
    "item": "headphones/a lamp/winter boots/a phone case/the blue sofa/running shoes/a coffee grinder/books/a jacket".split("/"),
    "song": "Blue Moon/Yesterday/Clair de Lune/So What/Imagine/Africa/Summertime/Hurt".split("/"),
    "file": "report.pdf/notes.txt/photo-12.jpg/film.mkv/archive.zip/music.flac/thesis.docx/backup.tar".split("/"),
    "game": "Candy Farm/Clash of Crowns/Chess/Puzzle Land/Dragon City/Word Quest/Farmland".split("/"),
    "disease": "fell off the ladder/broke his leg/has a stroke/does not answer and lies on the floor/was hit by a car/"
               "fainted at work/cannot breathe/burnt her hand badly/lost consciousness".split("/"),
    "kin": "Dad/Mum/Grandma/your brother/Grandpa/your sister/Aunt May/our son/the baby".split("/"),
    "soon": "now/today/tonight/by noon/in ten minutes/in 5 minutes/within the hour/by 5 pm/before midnight/at once/"
            "right now/this morning/as soon as possible/asap/immediately/by tomorrow morning/before 6 pm".split("/"),
    "later": "tomorrow/next week/on Thursday/in the morning/this weekend/on 4 May/on 12 June/next month/on Monday".split("/"),
    "prize": "a gift card/a new iPhone/a free holiday/1000 pounds/a cash prize/a brand new car/5000 euros/a voucher".split("/"),
}

FORMS = {
    "danger": """{home}|Smoke/Fire/Smoke alarm|Smoke/Fire was detected in {place}. Leave the building/Call the fire brigade now.
{home}|Water leak/Flooding|Water was detected under {place}/in the cellar/behind the washing machine.
{home}|Intruder/Alarm/Motion|The alarm went off/A window was broken/Motion was detected at {place} while nobody is at home.
{home}|Carbon monoxide/Gas|Gas/Carbon monoxide detected in {place}. Open the windows and get out.
{home}|Door open/Break-in|Someone/A stranger is in the house/is breaking in at {place}.
Weather/Civil protection|Severe weather/Storm warning/Flood warning/Hurricane/Earthquake|Dangerous winds/Heavy floods expected {soon}. Stay inside/Go to higher ground/Take shelter.
Emergency/Civil protection|Emergency alert/Evacuation|Evacuate {place} {soon}/Stay inside and close all windows.
{chat}|{name}|{kin} {disease}, we are at the hospital/in the ambulance/the ambulance is on its way
{chat}|{name}|Help! {kin} {disease}. Come quickly/Call an ambulance!
{chat}|{name}|there is a fire at {place}, get out!/there was an accident, {name2} is hurt/I am hurt, please help/I had a car accident
Power/Battery|Battery critically low/Low battery/Battery empty|{n}% left/remaining. Plug in the charger now/The computer will shut down soon/will turn off in {n} minutes.
Disks/System/Backup|Disk failure/Disk is failing/Hard disk problem|The disk /dev/sd{l} is failing/reports errors/has bad sectors. Back up your data now/Save your files.
System/Disks|Disk full/Out of space|No space left on /home/the disk. Programs may lose data.
System/Sensors|Overheating/Too hot/Temperature critical|The processor is at {n}{n} degrees and will be turned off/The CPU temperature is critical.
Health/Watch|High heart rate/Irregular rhythm/Low blood sugar/Fall detected|Your heart rate is above {d3} although you rest/Your glucose is {n}, take sugar now/It looks like you took a hard fall.
Freezer/Fridge/{home}|Too warm/Door left open/Temperature|The freezer/fridge is above {n} degrees/has been open for an hour. Food may spoil.
Server/Monitoring|Temperature alarm/Fire alarm|The server room is at 60 degrees/is on fire.
{chat}|{name}|{kin}/{name2} collapsed/fell/is bleeding/is unconscious/had an accident, the paramedics/police/doctors are here/come now
{chat}|{name}|the house/roof/kitchen/garage/car is burning/on fire, the fire brigade/firemen are there/get out/wake up
{chat}|{name}|please call the police/an ambulance, somebody is breaking in/following me/hurt/in danger/drowning
Nest Protect/Smoke detector/Alarm|Emergency/Alarm/Warning|There is smoke/fire/carbon monoxide/gas in the hallway/bedroom/kitchen/garage.
Glucose/Dexcom/Libre|Urgent low/Low glucose/High glucose|{d2} mg/dL and falling/rising fast. Eat something/Drink juice/Take insulin.
UPS/Power|Power failure/On battery/Blackout|Mains power was lost/Power is out. About {n} minutes of runtime remain/Shut down soon.
Fire watch/County/Civil protection|Evacuation order/Leave now/Warning|Residents must leave/go. The fire/flood/storm has reached/jumped the road/river/ridge. Life is in danger.
SMART/Disks/RAID|Drive failing/Array degraded/sd{l}|Reallocated/Pending sectors are rising, the drive will probably fail/die. Replace it.
Car/Vehicle|Brake failure/Tyre pressure/Engine|Stop the car safely. Tyre pressure is dangerously low/The brakes have a fault/The engine is too hot.
Radiation/Water works|Do not drink the water|The water in {city} is polluted/contaminated. Boil it/Do not drink it.""",
    "code": """{chat}|{company}|Your code/verification code/security code/login code/one-time password is {d6}/{d4}. Do not share it/It expires in {n} minutes/Valid for ten minutes.
{chat}|{phone}|{d6} is your {company} code/verification code/login code/one-time passcode.
{chat}|{d5}|{L}-{d6} is your verification code/Use {d6} to sign in/log in/verify your phone/confirm the payment.
{mail}|Your code/Sign in to {company}/Confirm your email/Verify your address/Password reset|Enter/Use/Type the code {d6}/{d4}/{mix} to continue/to sign in/within the next {n} minutes/to confirm your address/to reset your password.
{mail}|{company}|Your security code/single-use code/access code is: {d6}/{mix}. If you did not ask for it, ignore this message.
Authenticator/Security|Approve sign-in/Sign-in request/Is it you?|Somebody/You want to sign in to {company}. The number shown is {d2}/Enter {d2} to approve.
{bank}|TAN/Confirm payment/Payment code|Your TAN for the transfer/payment of {amount} is {d6}. Never tell it to anybody.
{ride}/Hotel/Parcel locker/{carrier}|Your PIN/Door code/Pick-up code/Access code|The PIN/code for the door/your booking/the locker/your parcel is {d4}/{mix}.
{chat}|{name}|the code for the door/wifi password is {d4}/{mix}/the PIN is {d4}
Bluetooth/System|Pairing request/Pair device|Confirm that the code {d6} is shown on the other device/Enter PIN {d4}.
{chat}|{company}|{company} code: {d6}. Do not share/Don't share it/this with anyone/with anybody.
{mail}|noreply@{company}|To finish/complete your registration/order, please enter {d4} on the website/in the app/on the page.
{bank}|mTAN/TAN|mTAN/TAN {d6} for your order/transfer/payment of {amount} to {company}/{name}.
{chat}|{name}|gate keypad/alarm/garage/key box/safe: {d4}#/{d4}, then push/turn
Steam/Game|Guard code/Login code|Login attempt from {device}. Guard code/Your code {mix}.
Locker/Ticket|Locker {d2}/Pick-up|Open it with {d4}/{mix} before {hour}.
{company}|Two-factor/2FA/Passcode|Type {d6} where you sign in/log in. It is valid for {n} minutes/seconds.
Conference/Zoom/Meeting|Passcode|Meeting passcode/access code: {d6}/{mix}.""",
    "security": """{mail}|New sign-in/New login/Sign-in from a new device|Your account was used/Somebody signed in/We noticed a new sign-in from {city}/{device}. If it was not you/Was this you? Change your password.
{mail}|Security alert/Suspicious activity/Unusual sign-in|We blocked/noticed an attempt to sign in/suspicious activity/an unusual login on your account from {city}/{device}.
{bank}|Unusual payment/Payment blocked/Card locked/Suspicious transaction/Fraud warning|A payment of {amount} in {city} was stopped/declined/looks unusual/We have locked your card. Check it in the app/Did you make it?
{mail}|Password changed/Your email address was changed/Recovery phone changed|The password/recovery address of your account was changed/reset. If this was not you/If you did not do this, contact us/secure your account.
Firewall/Antivirus/Security/{sys}|Threat found/Virus found/Malware blocked/Connection blocked|{file} contains a virus/A program tried to reach the network/An unknown program wants access/An unknown device was blocked.
Router/Network|New device/Unknown device|An unknown device joined/has connected to your network/wifi: {mix}.
Git server/Cloud/GitHub|New SSH key/New access token/Secret found|A new key/token was added to your account/A password was found in your repository. Revoke it/Remove it if it is not yours.
Password manager/Browser/Security|Password leaked/Data breach/Compromised password|Your password for {company} appeared in a data breach/leak. Change it.
{sys}|USB device blocked/Failed logins/Screen unlocked/Wrong password|{n} failed attempts to log in/An unknown USB device was plugged in/Somebody tried to unlock the computer.
{home}|Doorbell/Unknown person|An unknown face/person was seen at {place}/The lock was opened with a wrong PIN {n} times.
{company}|Account locked/Login blocked|Your account was locked after {n} failed logins.
Google/Microsoft/Apple/{mail}|Critical security alert/Sign-in prevented/Check activity|Sign-in with your password was prevented/stopped. Check the activity/Review your devices.
{bank}|Was it you?/Confirm payment/Did you pay?|{amount} at {company} was held back/stopped. Confirm or decline/Was this you?
sshd/fail2ban/Server|Failed attempts/Login failures|root: {d3} wrong passwords/failed logins from {d2}.{d3}.{d2}.{n} within an hour.
Bitwarden/Password manager|Exposed password/Weak password|The password of your mail/bank/webmail was found in leaked/stolen data.
{mail}|Two-step verification turned off/Backup codes used/Forwarding added|This was done/changed from a phone in {city}. Not you? Secure your account/A rule now forwards your mail.
Camera/Doorbell/{home}|Person/Motion detected/Front yard/Garage|A person/Somebody/Movement was detected/seen at {place}/at 0{n}:12/at night.
Find my/Tracker|Unknown tracker/Phone found elsewhere|A tracker that is not yours moves with you/Your phone left {place}.
Browser/Firefox|Dangerous site/Certificate|The site tried to steal passwords/has a false certificate and was blocked.
{company}|Data request/Access granted|An app was granted access to your mail/files/contacts. Review it.""",
    "deadline": """{calendar}|{Event}/Meeting/Stand-up/Interview|Starts/begins in {n} minutes/now/at {hour} today, {place}.
{calendar}|{Task}/{Thing}/Tax return/Homework|Due today/tomorrow/{soon}/is overdue/was due yesterday.
{calendar}|Reminder/Alarm|{Task} {soon}/Time to leave for {event}/It is time to {task}.
{mail}|{name}|I need {thing} {soon}/{thing} has to be sent {soon}/Please {task} {soon}, otherwise we lose the customer/the client is waiting.
{chat}|{name}|please {task} {soon}!/i need {thing} {soon}/hurry up, {event} starts {soon}/Where are you? {event} has started/we are waiting for you at {place}!
{chat}|{name}|URGENT: {problem}, please come/call me {soon}/call me {soon}, it is urgent/important/can you pick up the kids {soon}, they are waiting
{mail}|Last reminder/Final notice/Overdue/Payment due/Deadline|{Thing} is due {soon}/must be paid by {day}/Your application/registration closes {soon}/The invoice is overdue, pay by {day} or we stop the service.
{mail}|{company}|Your contract/subscription/domain/certificate expires/ends {soon}/tomorrow unless you renew it/The offer of the job lapses on {day}.
{travel}|Boarding/Train {d3}/Flight {d3}/Gate change|Your flight/train/bus leaves/departs in {n} minutes/Boarding now at gate {L}{d2}/Gate closes in {n} minutes/The gate has changed to {L}{d2}/Your train was cancelled.
{ride}|Your driver/Your ride/Pick-up|Your driver/taxi is here/has arrived/is waiting/arrives in {n} minutes: {mix}.
Phone|Missed call/Missed calls|{n} missed calls from {name}/School/the hospital/{name} called {n} times: please call back {soon}.
Monitoring/PagerDuty/{chat}|Server down/oncall/Incident/Alert|The site/database/shop/server is down/does not answer. Please look at it {soon}/Customers cannot order.
Timer/Clock/Oven/Kitchen|Timer/Time is up/Alarm|The timer for {n} minutes/pasta/the eggs/the cake is done/has ended/rings.
Library/Courses/University/School|Due soon/Last day/Submission|Your books are due {soon}/tomorrow/Hand in your work {soon}/The exam begins at {hour}/You have not submitted {thing}, it closes {soon}.
Parking/Charger|Parking ends/Time nearly up|Your parking ticket ends in {n} minutes/The car is charged, please move it {soon}.
Auction/{shop}|Ending soon/You were outbid|Your auction for {item} ends in {n} minutes/Somebody bid more for {item}, {n} minutes left.
{mail}|Reminder/Calendar/{Event}|Dentist/{Event} in {n} minutes/in half an hour/in an hour.
{chat}|{name}|we are all sitting/waiting at {place}, are you coming or not???/where are you?/hurry/the others have started
{mail}|{company}/Visa office/Tax office/Bank|Your documents/papers/forms have to be handed in/must reach us no later than {soon}/until tomorrow noon/by {day}.
{travel}|ICE {d2}/Train/Bus|Departure in {n} min from track {n}/platform {n}. Coach {n}, seat {d2}.
Opsgenie/PagerDuty/Grafana|P1/Firing/Critical|Error rate/Latency {n} %, acknowledge now/Checkout is failing/disk of db-1 is full.
{chat}|{name}|you need to leave/go/come/call right away/right now, {kin} is waiting/the plane lands earlier/the shop closes soon
{mail}|Tax adviser/Lawyer/{name}|I still miss/need two receipts/your signature. Without it I cannot file/send it, and the period/time ends on {day}.
Tea/Egg/Timer/Clock|Timer/Alarm|{n}:00 are over/Time is over/Wake up/It is {hour}.
Board/Deck/Trello/Jira|Overdue/Card overdue/Due soon|"{Task}" was due/is due on {day}/yesterday/today.
{ride}|Arrived/Waiting|{name} waits/is waiting at the corner/in front of {place}.
Election office/City|Last day|Today is the last day to register/vote/apply.
{shop}|Reservation ends|Your seats/tickets are held for {n} more minutes. Pay now to keep them.
Pharmacy/Health|Medicine|Take your pill/insulin/medicine now.
Chat|{name}|can you jump into the call right now? we are waiting for you""",
    "question": """{chat}|{name}|{frame:request}
{chat}|{name}|{frame:task}
{chat}|{name}|{frame:ask_when}
{chat}|{name}|{frame:invite}
{chat}|{name}|{frame:meet}
{mail}|{name}|{frame:request}
{mail}|{name}|{frame:waiting}
{chat}|{name}|do you know where/when/who/how/whether {event} is/has {thing}/did you {task}?/are you coming to {event}/are you free {later}/what do you think/how are you/what time is {event}
{chat}|{name}|can you {task}/could you send me {thing} please/would you {task}/will you be at {event}/did you get {thing}?
{chat}|{name}|what should we bring to {event}?/which one do you like better?/who comes to {event}?/shall we meet {later}?/any idea why {problem}?
{mail}|{name}|What do you think of {thing}?/May I ask you about {thing}?/Could you check {thing} when you have time/Let me know what suits you/Please tell us which {event} you prefer.
{mail}|Please confirm/Your answer is needed/Question about {thing}/Invitation: {event}|Please confirm {event} {later}/Can you come to {event} {later}/Please reply/We would like to know whether you will come/Accept or decline.
Git server/GitHub/GitLab|Review requested/{name}/Mention|{name} wants your review/asks you to look at {thing}/mentioned you: what do you think/assigned you an issue.
{calendar}|Invitation/New invitation|{name} invites you to {event} {later}. Will you come?/Yes, no or maybe?
School/Club/{company}|Please answer/Form to fill in|Please tell us whether your child/you take part/Please fill in the form for {event}/Please vote for a date.
{chat}|{name}|@you please have a look at {thing} when you find time/could you help me with {thing}?/tell me when you are at home
{chat}|{name}|what was the name/number/address of that plumber/doctor/place again?/do you still have my book/umbrella/key
{chat}|{name}|could someone/somebody with rights/time restart/check/look at it, no hurry/when you have a moment
{mail}|{name}/Choir/Club|Please write/tell/let me know until the end of next week whether you sing/come/take part.
GitLab/GitHub/Jira|Assigned/Review/Mentioned|{name} assigned merge request !{d3}/issue {d3}/a task to you/asked for your review.
{chat}|{name}|thoughts on {thing}/the draft?/opinions?/happy to change it/what do you say
{mail}|Insurance/{company}|We need your new address/number for our files. Would you send it to us/Please reply.
{chat}|Garage/Hairdresser/{name}|We could fit you in on the {n}th or the {n}th. Which day suits you/is better?
Poll/Doodle|Vote/New poll|{name} asks when you have time/which day is best. Choose a date.
{chat}|{name}|ping me when you are back/remind me what we said/tell me about it/send a picture""",
    "message": """{chat}|{name}|{frame:thanks}
{chat}|{name}|{frame:done}
{chat}|{name}|{frame:praise}
{chat}|{name}|{frame:refuse}
{chat}|{name}|{frame:problem}
{mail}|{name}|{frame:thanks}
{mail}|{name}|{frame:done}
{mail}|{name}|{frame:refuse}
{chat}|{name}|ok/okay, see you {later}/sounds good/haha/lol/good night/same here/i agree/on my way/no problem/sure thing/that was fun/miss you/happy birthday!/congratulations!
{chat}|{name}|we had a great time/arrived home safely/just saw {name2} at {place}/the weather is lovely here/I loved {event}/I finished {thing}/see you at {place}/we are at {place}
{chat}|{name}|{name2}: good morning everybody/thanks to all of you/great game/welcome to the group/that was a nice {event}
{mail}|{name}|Here is/Attached is/I have put {thing} into the folder/For your information: {thing}/I will be away {later}/Thank you for your message, I am on holiday/It was nice to meet you
{chat}|general/random/team/{name}|{name2} joined the team/Welcome {name2}/The build is green/I deployed the new version/{name2} is on holiday {later}
Phone|Voice message/Voicemail|{name} left a message of {n} seconds.
{chat}|{name}|found it, never mind!/never mind/forget it, solved/all good now/it is back, thx
{chat}|{name}|the boat/dog/baby/garden is fine/beautiful/in the water again/asleep
{mail}|{name}|I enjoyed our talk/dinner/trip very much and wish you success/a good week/all the best.
{chat}|standup-bot/{name}|yesterday parser, today docs, nothing blocks me/working from home today
{chat}|{name}|hahaha you are impossible/funny/crazy/so true/no way
{mail}|Neighbours/{name}|We are having a party on {day}, it may get loud. Sorry in advance.
{chat}|{name}|I will be there/we will manage/I took the early train/got the job!!/passed the exam""",
    "news": """{carrier}|Your parcel/Delivery/Out for delivery/Delivered|Your parcel/package/order will arrive/is coming {later}/between {hour} and {hour}/was delivered/left at {place}/is at the pick-up point.
{shop}|Order confirmed/Shipped/Your order|Your order {d4}/{item} has been shipped/is on its way/was confirmed/Thank you for your order.
{bank}|Payment received/Transfer/Salary/Card payment/Statement|You received/You paid {amount}/{amount} from {company}/to {name}/has arrived/Your statement is ready/was booked.
{mail}|Invoice {d4}/Receipt/Your invoice/Booking confirmed|Your invoice/receipt/booking for {event}/{later} is attached/confirmed/The amount of {amount} will be collected {later}.
Clinic/Dentist/Doctor/Hairdresser/Garage|Appointment/Your appointment|Your appointment is {later} at {hour}/Your car is ready/Your test results are there/We look forward to seeing you {later}.
Weather|Forecast/Rain/Sunny/Snow/Frost|Rain/Sun/Snow/Wind expected {later}/{n} degrees/It will be cold {later}.
{travel}|Delay/On time/Your trip/Booking|Your train is {n} minutes late/Your flight {later} is on time/Online check-in is open/Platform {n}/Your seat is {d2}{L}.
News/BBC/Guardian/Times/Reuters|Politics/Breaking/Sports/Economy/Culture|The parliament voted on {thing}/{city} won {n} to {n}/Prices rose by {n} percent/The minister resigned/Scientists have found a new planet.
{calendar}|{Event}/Changed/New event|{Event} was moved to {day}/{place}/is now at {hour}/{later} at {hour}, {place}/was cancelled.
{mail}|Ticket {d4}/Support/Your request|We have answered/solved/closed your request/Your ticket was updated/We will get back to you/We repaired {thing}.
GitHub/GitLab/Git server/Jenkins|Build passed/Pull request merged/Issue closed/Release|{name} merged/closed/released {thing}/The pipeline for main passed/failed.
{company}/School/City|Announcement/Notice/Change|{place} will be closed {later}/Opening hours change {later}/The water will be turned off {later}/The new plan is online.
{home}|Washing machine/Robot/Heating|The washing is done/The robot finished cleaning/It is {n} degrees in {place}/The mail has come.
Shopping list/Bring!/Notes|List changed|{name} added milk, bread and onions/removed eggs.
{carrier}|Shipment/Tracking|Your shipment has reached/left the depot/centre in {city}.
Klarna/{bank}|Paid/Refund/Direct debit|We have sent/refunded {amount} to {company} for you/your account.
News/Radio/Tagesschau|Parliament/World/Science/Football|The budget/law was passed with the votes of the coalition/The president visits {city}/A strike is over/Scientists found water.
Cloud/Nextcloud/Drive|Shared/New file|{name} shared the folder/file "{Thing}" with you/edited/uploaded {file}.
Hospital/Clinic|Lab results/Findings|New findings/results can be seen in the patient portal.
Kayak/{travel}|Flight {d3}/Change|Now leaves {n} minutes later than planned, at {hour}/Your terminal is {n}.
Library/Book shop|Reservation|"{song}" is ready to be collected/has come in.
Garage/Workshop/Tailor|Ready|Your bike/car/suit is repaired/ready and can be picked up.
Energy/Provider|Your bill/Meter|You used {d2} kWh this month/Your bill is {amount}.""",
    "social": """{net}|New like/New likes/Likes|{name} liked/and {n} others liked/loved/reacted to your photo/post/video/story/comment.
{net}|New follower/Follower|{name}/{handle} started following you/is now following you/wants to connect/followed you.
{net}|{name}|commented on/shared/boosted/retweeted/saved your post/a post you follow/mentioned you in a story/tagged you in a photo.
{net}|Memories/On this day/Your week|See your memories with {name}/You have memories to look back on/A year ago today/Your weekly summary is ready.
{net}|Birthday/Birthdays|It is {name}'s birthday today/{name} and {n} others have birthdays. Wish them well!
{net}|People you may know/Suggestions/Trending|You may know {name}/{name} is new here/See what people say about {song}/Posts you may like/Popular near you.
{net}|New video/Live/New post/New story|{name}/{handle} uploaded/posted/is live/added: {song}/a new video/for the first time in a while.
{net}|Congratulate {name}/Work anniversary/New job|{name} has been with {company} for {n} years/has a new job/Say congratulations.
{net}|Kudos/Badge/Streak/Profile views|You got kudos/a badge/{n} people looked at your profile/gave kudos to your ride/appeared in {n} searches.
{net}|Group/Event|{name} posted in a group/{n} friends are interested in an event near you/invited you to like a page.
Bluesky/Mastodon/{net}|{handle}|reposted/quoted/liked/favourited your post/reply.
Duolingo/Chess/Quiz|Leagues/Ranking/Streak|You finished {n}th in the Sapphire League/Your friend {name} passed you/You are on a {n} day streak.
LinkedIn|Search appearances/Views|You turned up/appeared in {n} searches this week/{n} people viewed your profile.
Goodreads/Letterboxd/Spotify|Update/Activity|{name} rated/reviewed/finished/listens to "{song}" four stars.
Instagram/{net}|story/reel|{handle} mentioned you in their story/added to their story/shared a reel.
Twitch/YouTube|Live/Premiere|{handle} is streaming/went live: {song}.
Reddit|Trending|A popular post in your communities/r/{city}: {song}.""",
    "promotion": """{shop}|Sale/Summer sale/Black Friday/Deal of the day/Only today|Up to {d2}% off/Save {d2}% on {item}/everything. Shop now/while stocks last/only this weekend!
{mail}|Newsletter/{company}/{shop}|New arrivals/Our new collection/Discover our offers/Free shipping on all orders/members save {d2}%/this month's best deals.
{shop}|You forgot something/Your basket/Still thinking?|{item} is still in your cart/waiting for you. Get {d2}% off/Complete your order now.
Music/Video/{net}/Cloud|Go Premium/Upgrade/Try Plus|Try Premium free for {n} months/Get more space/No ads/Upgrade now for only {amount}/Special price/Offer ends soon.
{game}|We miss you!/Daily reward/New level/Energy full|Come back and claim/Get {d3} free coins/gems/Your reward is waiting/Your lives are full/New heroes have arrived.
Pizza/Food/Burger House/Restaurant|Hungry?/Lunch deal/Two for one|{d2}% off your next order/Free delivery tonight/Two for the price of one/Use code {mix}.
{travel}/Hotel|Cheap flights/Fares from {amount}/Last minute|Fly to {city} from {amount}/Book now and save {d2}%/Weekend deals/Members' prices.
{mail}|{company}|We value your opinion/Rate your visit/Take our survey and win {prize}/Invite a friend and get {amount}/How did we do?
Phone company/Provider|New phones/Upgrade now|You can upgrade your plan/Get twice the data for {amount}/A new phone for {amount} a month/Only for you.
App store/Store|New apps/Recommended|Apps we think you will love/{game} is free this week/Try the new version today.
{company}|Webinar/Event|Join our free webinar/Register now for early-bird tickets/Learn how to save {d2}%.
Supermarket/Lidl Plus/Market|Your coupons/New coupons/Deals|Strawberries/Coffee/Pasta {d2}% cheaper until {day}/only today.
Duolingo/Music/App|Super/Plus/Pro|Learn/Listen without limits: {d2}% off ends tonight/Your free trial is waiting.
Booking/Hotel/Travel|{city} is calling/Getaway|Members get {d2}% less on stays in {city}/Save on your next trip/holiday.
{mail}|Garden centre/Furniture house/Bookshop|Spring/Summer/Autumn has come, and so have our prices: roses/chairs/books from {amount}.
Temu/Wish/{shop}|Only {n} left/Price drop/Back in stock|The item you looked at is almost sold out/cheaper now, hurry/order today.
Cinema/Theatre|Tonight|Tickets for {song} from {amount}, popcorn is free for members.
Bank/Insurance|An offer for you|A loan/card at a low rate, just for you. Apply in minutes.""",
    "spam": """{chat}|{phone}/{d5}|Congratulations! You have won/been selected for {prize}! Claim at/Call {url}/{phone} now.
{chat}|{phone}/{d5}/Unknown|URGENT/WINNER/FREE! Your number won {prize}. To claim call {phone}/Text WIN to {d5}/reply YES/T&C apply.
{mail}|Dear friend/Dear customer/Business proposal/Inheritance|I am a banker/the widow of a general/a lawyer and have {d2} million dollars/I wish to share/transfer funds to your account. Reply in confidence.
{mail}|ACCOUNT SUSPENDED/Verify your account/Final warning/Action required!!!|Dear costumer, you account is limit. Verify you details at {url} or it will be delete/loose all fund.
{chat}|Parcel/Customs/Post|Your package is held/could not be delivered. Pay {amount} fee here: {url}
{mail}|Cheap pills/Viagra/Lose weight fast/Replica watches|No prescription/Best price/{d2}% discount, ship worldwide, order at {url}/Doctors hate this.
{chat}|{phone}/Crypto {name}|Hi dear, guaranteed profit/earn {d3} a day from home/double your bitcoin, join now {url}/easy part time job.
{chat}|{d5}/Hot {name}|Hot girls/singles near you want to chat. Reply YES/Text DATE to {d5}, {amount} per msg, 18+.
{mail}|You have (1) message/Lottery/Grant|You won the lottery/A grant of {d2},000 USD is approved. Send your name, address and bank details.
{chat}|{phone}|Hi mum, my phone broke, this is my new number. Can you send {amount}?/Your bank: log in at {url} to unlock your card/Tax refund of {amount} waiting: {url}
{chat}|{d6}/{phone}|ur/you are awarded a {d3} pound city break/prize/holiday! call {phone} from a land line. claim ends 2nite/T&Cs apply
{mail}|Mrs. {name}/Barrister {name}|My late husband/client left {n}.5M USD in a vault/bank, I need an honest person/partner to receive it.
{chat}|{phone}|{carrier}: import duty/fee of {amount} unpaid, settle/pay here {url} or the parcel goes back
{chat}|{phone}|Hello dad/mum/mom I lost/broke my phone this is my new number, write/text me on it, I need money for the rent
{mail}|Norton refund/Invoice/Renewal|Your subcription of {amount} was renew/charged. To cancel call {phone} immediatly.
{chat}|{phone}|Congrats! Your resume was chosen for a remote job, {d3} a day, no experience, contact on telegram
{mail}|Your mailbox is full|Click here {url} to keep your account or you loose your mails.""",
    "system": """{sys}|Updates installed/Software updated/Update complete|{n} packages/programs were updated/installed. No restart is needed/Everything is up to date.
Files/File manager|Copy finished/Moved/Extracted|{file}/{d3} files were copied/moved/extracted to {place}/the USB stick.
Screenshot/Spectacle|Saved/Screenshot taken|The picture was saved/copied to the clipboard/is in Pictures.
Network/Wi-Fi/VPN|Connected/Disconnected/Connection established|You are connected to {company}-Guest/the VPN/Home wifi/The connection was ended.
Printer/Scanner|Ready/Printed/Job done|{file} was printed/scanned/The printer is ready.
Backup/Sync/Cloud|Backup complete/Up to date/Sync finished|All files are safe/are on all of your devices/The backup took {n} minutes/{d3} files uploaded.
Music/Spotify/Player/Rhythmbox|Now playing/{song}/Next track|{song} - {name}/{name} with {song}/Track {n} of {d2}.
Bluetooth|Headphones/Mouse/Keyboard|Connected/Battery at {d2}%/Disconnected.
Downloads/Browser|Done/Download complete/Finished|{file} has been downloaded/saved in Downloads.
{sys}|USB drive/Removable disk|It is safe to remove/The drive was mounted/ejected.
Power|Charged/Power saver/Plugged in|The battery is full/fully charged/Power saving was turned on/{d2}% and charging.
Display/Sound/Keyboard/Settings|Changed/Volume/Layout|Night light is on/The volume is {d2}%/English (US)/Do not disturb is on.
Health/Watch/Fitness|Goal reached/Steps/Stand up|You walked {d4} steps/You reached your goal/Weekly report/You slept {n} hours.
Terminal/Build|Command finished/Done|make finished after {n} seconds/The tests passed.
Software/Firmware/Store|Restart & install/Update ready|Firmware/An update for your dock can be installed/will be installed at the next restart/is available.
flatpak/apt/snap|Done/Cleaned|Removed {n} unused runtimes/packages/{n} packages can be removed.
Bluetooth|{mix}/Speaker|connected/paired/disconnected/out of range.
Syncthing/Dropbox|Folder/In sync|"Documents"/"{Thing}" is in sync/{n} items synced.
Files|Trash/Undo|{d3} items were deleted for good/moved to the trash.
KDE Connect|Pixel {n}/Phone|Charging, {d2}%/reachable/connected.
Recorder/Camera|Recording saved|The recording/picture was saved in Videos.
Window manager/Desktop|Workspace/Theme|Dark mode is on/Workspace {n}.
Clock|Alarm set|The alarm is set for {hour}.""",
}


def digits(rng, n):
    return "".join(rng.choice("0123456789") for _ in range(n))


def slot(rng, name):
    if re.fullmatch(r"d\d", name):
        return digits(rng, int(name[1]))
    if name.startswith("frame:"):
        register = rng.choice(("plain", "friendly", "friendly", "professional", "concise", "wordy"))
        text = messages.sentence(rng, name[6:], register, messages.choose_slots(rng, False))
        return text.lower() if rng.random() < 0.15 else text
    made = {"n": lambda: str(rng.randrange(1, 30)), "l": lambda: rng.choice("abcd"), "L": lambda: rng.choice("ABCDEFGH"),
            "mix": lambda: rng.choice("ABCHK") + digits(rng, 2) + rng.choice("-XZ") + digits(rng, 2),
            "amount": lambda: rng.choice(("{}.{} euros", "${}.{}", "£{}.{}", "{}.{} EUR")).format(rng.randrange(1, 900),
                                                                                            digits(rng, 2)),
            "phone": lambda: rng.choice(("+44 7", "+1 555 ", "09", "+49 1")) + digits(rng, 8),
            "url": lambda: rng.choice(("http://", "https://", "", "www.")) + rng.choice(
                ("bit.ly/", "secure-login.top/", "win-now.xyz/", "tinyurl.com/", "account-verify.ru/")) + digits(rng, 3),
            "handle": lambda: rng.choice(messages.NAMES).lower() + "_" + digits(rng, 2)}
    if name in made:
        return made[name]()
    name = "name" if name == "name2" else name
    values = SLOTS.get(name)
    if values:
        return rng.choice(values)
    return messages.choose_slots(rng, False)[name]


def filled(rng, form):
    """One of the ways to say @form: of each run of alternatives between blanks, one."""
    text = re.sub(r"\{([\w:]+)\}", lambda m: slot(rng, m.group(1)).replace("/", "\0"), form)
    return text.replace("\0", "/")


def part(rng, text, most=1):
    """Up to @most neighbouring alternatives of a part of a form."""
    ways = text.split("/")
    at = rng.randrange(len(ways))
    return " ".join(ways[at:at + rng.randrange(1, most + 1)])


def notice(rng, kind=None):
    """(app, summary, body, kind)"""
    kind = kind or rng.choice(KINDS)
    app, summary, body = rng.choice(FORMS[kind].split("\n")).split("|")
    sentences = [part(rng, s, 3) for s in re.split(r"(?<=[.!?]) ", body)]
    body = " ".join(s for i, s in enumerate(sentences) if i == 0 or rng.random() < 0.7)
    body = filled(rng, body).strip()
    if rng.random() < 0.2:
        body = body.rstrip(".")
    return filled(rng, part(rng, app)), filled(rng, part(rng, summary)), body, kind


if __name__ == "__main__":
    r = random.Random(1)
    for k in KINDS:
        for _ in range(5):
            print(*notice(r, k), sep=" | ")
