"""The invented people, cases and tasks of a new desk."""

# The people write Turkish and Ukrainian, whose letters look like others.
# ruff: noqa: RUF001

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from case_tools.embedded.catalogue import AGENTS, PRIORITIES, QUEUES, STATUSES, TEMPLATES, derived_id
from case_tools.embedded.records import Assignment, Customer, DeskRecord
from case_tools.embedded.store import DeskStore

# Handle, name, language, e-mail address, telephone number.
_PEOPLE = """
roe        | Jane Roe             | en | jane.roe@example.com          | +1-555-0101
roe2       | Jane Roe             | en | j.roe@example.org             | +1-555-0102
whitlock   | Martin Whitlock      | en | m.whitlock@example.com        | +1-555-0103
adeyemi    | Tolu Adeyemi         | en | tolu.adeyemi@example.net      | +1-555-0104
pascoe     | Harriet Pascoe       | en | harriet@example.org           | +1-555-0105
brandt     | Leo Brandt           | en | leo.brandt@example.com        |
okafor     | Grace Okafor         | en |                               | +1-555-0107
tran       | Minh Tran            | en | minh.tran@example.com         |
delaney    | Siobhan Delaney      | en | siobhan.delaney@example.net   | +1-555-0109
kowalczyk  | Peter Kowalczyk      | en | p.kowalczyk@example.com       |
hargreaves | Olive Hargreaves     | en |                               | +1-555-0111
singh      | Jasmin Singh         | en | jasmin.singh@example.org      | +1-555-0112
mcallister | Rory McAllister      | en | rory@example.net              |
villareal  | Ines Villareal       | en | ines.villareal@example.com    | +1-555-0114
nakamura   | Ken Nakamura         | en | ken.nakamura@example.com      |
stone      | Abigail Stone        | en | abigail.stone@example.org     | +1-555-0116
fry        | Dominic Fry          | en |                               | +1-555-0117
larsen     | Mette Larsen         | en | mette.larsen@example.com      |
obrien     | Cathal O'Brien       | en | cathal.obrien@example.net     | +1-555-0119
petit      | Zoe Petit            | en | zoe.petit@example.com         |
hoffmann   | Jürgen Hoffmann      | de | j.hoffmann@example.com        | +1-555-0121
schaefer   | Anke Schäfer         | de | anke.schaefer@example.org     |
vogel      | Tobias Vogel         | de | tobias.vogel@example.net      |
weiss      | Käthe Weiß           | de | kaethe.weiss@example.com      | +1-555-0124
lefevre    | Élodie Lefèvre       | fr | elodie.lefevre@example.com    |
moreau     | Baptiste Moreau      | fr | b.moreau@example.org          | +1-555-0126
garnier    | Noémie Garnier       | fr | noemie.garnier@example.net    |
ibanez     | Lucía Ibáñez         | es | lucia.ibanez@example.com      | +1-555-0128
quintero   | Andrés Quintero      | es | andres.quintero@example.org   |
munoz      | Begoña Muñoz         | es | begona.munoz@example.com      |
carvalho   | Tiago Carvalho       | pt | tiago.carvalho@example.com    | +1-555-0131
goncalves  | Conceição Gonçalves  | pt | c.goncalves@example.net       |
yildiz     | Şule Yıldız          | tr | sule.yildiz@example.com       | +1-555-0133
ozturk     | İbrahim Öztürk       | tr | ibrahim.ozturk@example.org    |
wisniewska | Łucja Wiśniewska     | pl | lucja.wisniewska@example.com  | +1-555-0135
zielinski  | Grzegorz Zieliński   | pl | g.zielinski@example.net       |
verma      | अनन्या वर्मा              | hi | ananya.verma@example.com      | +1-555-0137
chauhan    | रोहित चौहान             | hi | rohit.chauhan@example.org     |
mansour    | ليلى منصور             | ar | layla.mansour@example.com     | +1-555-0139
alharbi    | سامي الحربي            | ar | sami.alharbi@example.net      |
yamada     | 山田 さくら              | ja | sakura.yamada@example.com     | +1-555-0141
kobayashi  | 小林 健太               | ja | kenta.kobayashi@example.org   |
shevchuk   | Оксана Шевчук        | uk | oksana.shevchuk@example.com   | +1-555-0143
bondar     | Тарас Бондар         | uk | taras.bondar@example.net      |
"""

# Person; title; description; template, status, priority, queue, agent, hours until due, channel.
# Queues and agents are places in the catalogue, 0 for none; the dictionaries below explain the letters.
_CASES = (
    ("whitlock", "Parcel arrived with a broken lamp inside",
     "The glass shade was in pieces. He sent two photos and asks for a replacement, not a refund.",
     "c c m 3 1 -1200 e"),
    ("pascoe", "Charged twice for the March subscription",
     "Two payments of 29.90 left her account on the same day. The bank says both are final.",
     "c c h 2 2 -1180 e"),
    ("hoffmann", "Rechnung enthält falsche Firmenanschrift",
     "Der Kunde braucht eine korrigierte Rechnung mit der neuen Anschrift in Kassel für das Finanzamt.",
     "e c l 2 2 -1100 e"),
    ("okafor", "Router goes offline every evening around eight",
     "Line test is clean. She has swapped the cable and the power supply; it still drops for ten minutes.",
     "e r h 4 4 -1000 v"),
    ("yamada", "届いた商品のサイズが注文と違っていたため交換したい件について",
     "Mサイズを注文したが、Lサイズが届いた。未使用、タグ付き。交換品の発送日を知りたいとのこと。",
     "e c m 3 3 -960 c"),
    ("lefevre", "Colis livré chez un voisin inconnu",
     "Le transporteur indique une remise au voisin, mais personne dans l'immeuble n'a reçu le colis.",
     "c r h 3 3 -900 e"),
    ("tran", "How to change the e-mail address on my account",
     "He no longer has access to the old mailbox, so the confirmation link cannot be opened.",
     "e c l 1 5 - c"),
    ("ibanez", "El pedido llegó sin los accesorios incluidos",
     "Faltan el cable y el adaptador que aparecen en la hoja de contenido de la caja.",
     "c r m 3 1 -800 e"),
    ("delaney", "Warranty claim for a dishwasher pump",
     "Bought 14 months ago. The pump hums but does not drain; the serial number is on the photo.",
     "e r m 4 4 -700 e"),
    ("wisniewska", "Zwrot pieniędzy jeszcze nie dotarł na konto",
     "Towar odesłany trzy tygodnie temu, potwierdzenie przyjęcia z magazynu jest w załączniku.",
     "c r h 2 2 -650 e"),
    ("roe", "Please stop the weekly newsletter",
     "She has unsubscribed three times and still gets it every Monday.",
     "e c l 1 6 - e"),
    ("carvalho", "Fatura com número de contribuinte errado",
     "O cliente pede uma segunda via com o número correto antes do fecho do mês.",
     "e r m 2 2 -520 e"),
    ("brandt", "Gift card code is not accepted at checkout",
     "The code is rejected as already used, though the card was bought last week and never redeemed.",
     "e c m 2 5 -480 c"),
    ("verma", "राउटर बार-बार बंद हो जाता है",
     "हर दो घंटे में इंटरनेट बंद हो जाता है। राउटर दो बार रीसेट किया जा चुका है।",
     "e r h 4 4 -400 v"),
    ("hargreaves", "Delivery man left the gate open",
     "Her dog ran out. She wants a note on the address to ring the bell and to close the gate.",
     "c r l 3 6 -360 v"),
    ("schaefer", "Garantiefall: Kaffeemaschine verliert Wasser",
     "Gerät ist acht Monate alt, tropft seit dem Entkalken. Kaufbeleg liegt als PDF vor.",
     "e p m 4 4 -30 e"),
    ("singh", "Wrong colour delivered for order of curtains",
     "Ordered sand, received grey. The hemming was made to measure, so a quick answer matters.",
     "c p m 3 3 -20 e"),
    ("yildiz", "Kargo on gündür teslim edilmedi",
     "Takip numarası dağıtımda görünüyor, ancak müşteri evde olduğu hâlde kimse gelmedi.",
     "c o h 3 0 -12 e"),
    ("mcallister", "Cannot log in after the latest app update",
     "The app closes right after the password. Reinstalling did not help; the phone runs Android 12.",
     "e p h 4 4 -8 c"),
    ("mansour", "تم خصم المبلغ مرتين من البطاقة",
     "تم الدفع مرة واحدة فقط ولكن ظهر خصمان بنفس القيمة في كشف الحساب. تطلب استرداد المبلغ الزائد.",
     "c o c 2 2 -6 e"),
    ("villareal", "Parcel late, needed for a wedding on Saturday",
     "Tracking has not moved for six days. She asks for an honest answer whether it will come in time.",
     "c p c 3 3 -4 r"),
    ("nakamura", "Question about extended warranty prices",
     "Wants to know what two more years cost for a washing machine that was bought in January.",
     "e h l 1 5 60 e"),
    ("moreau", "Double prélèvement sur la facture de mai",
     "Deux prélèvements identiques à un jour d'intervalle. Le relevé bancaire est joint.",
     "c p h 2 2 10 e"),
    ("stone", "Invoice address must show the new company name",
     "The company was renamed in spring; her accountant rejects the last three invoices.",
     "e h m 2 2 72 e"),
    ("roe2", "Refund for a cancelled order is missing",
     "Cancelled within the hour. The order page says refunded, her bank has nothing after nine days.",
     "c p h 2 1 16 c"),
    ("shevchuk", "Посилка пошкоджена під час доставки",
     "Коробка була розірвана, товар вологий. Клієнтка відмовилася підписувати накладну.",
     "c o h 3 0 20 e"),
    ("kowalczyk", "Smart meter shows no readings since Tuesday",
     "The display is on, the portal stays empty. Neighbours in the same house have the same problem.",
     "e o m 4 0 48 e"),
    ("quintero", "No puedo cambiar la dirección de entrega",
     "La página muestra un error al guardar. El envío sale mañana a la dirección antigua.",
     "e o h 3 1 14 c"),
    ("fry", "Router offline since the thunderstorm",
     "No lights at all. He works from home and asks whether a shop near him can swap the device.",
     "e p c 4 4 6 v"),
    ("hoffmann", "Paket seit zehn Tagen überfällig",
     "Die Sendungsverfolgung zeigt seit Montag keinen neuen Stand. Bitte Nachforschung einleiten.",
     "c p h 3 3 24 e"),
    ("larsen", "Spare part for the pram has not been sent",
     "The order was confirmed for week 12. The wheel is still missing and the pram cannot be used.",
     "e h m 3 6 96 e"),
    ("kobayashi", "請求書の宛名を会社名に変更してほしいというご依頼について",
     "経理の締め切りが月末のため、それまでに再発行を希望。登録番号の記載も必要。",
     "e h m 2 2 120 e"),
    ("obrien", "Engineer did not turn up for the appointment",
     "He took a day off work. It is the second missed visit; he asks for compensation and a new date.",
     "c o c 4 5 5 v"),
    ("adeyemi", "Router offline since the thunderstorm",
     "All lights are red. The socket works with another device, a restart changes nothing.",
     "e o h 4 0 30 c"),
    ("garnier", "Code promo refusé lors du paiement",
     "Le code reçu par courrier est valable jusqu'à dimanche, mais le panier l'indique comme expiré.",
     "e o l 0 0 - c"),
    ("weiss", "Doppelte Abbuchung im Lastschriftverfahren",
     "Der Betrag von 84,50 Euro wurde am 3. und am 5. eingezogen. Rückbuchung wäre der letzte Weg.",
     "c p h 2 2 36 e"),
    ("petit", "Exchange a jumper for a larger size",
     "Size M is too tight. She would take the blue one if the green is sold out.",
     "e o l 1 0 144 c"),
    ("alharbi", "لم يصل الطلب رغم تأكيد التسليم",
     "تظهر حالة الشحنة أنها سُلّمت، لكن العميل لم يستلم شيئًا ولم يتصل به أحد.",
     "c p h 3 3 12 e"),
    ("goncalves", "Garantia do aspirador recusada pela loja",
     "A loja diz que o prazo terminou, mas a compra foi há onze meses e há recibo.",
     "c h m 4 6 52 e"),
    ("roe", "Parcel delivered to the old address",
     "She moved in April and had changed the address. The new tenants say they refused the parcel.",
     "c p m 3 3 28 e"),
    ("ozturk", "İnternet bağlantısı akşamları kesiliyor",
     "Her akşam dokuzdan sonra yaklaşık yarım saat bağlantı yok. Modem değiştirildi, sorun sürüyor.",
     "e o m 4 4 40 v"),
    ("whitlock", "Replacement lamp is the wrong model",
     "The replacement for the broken lamp has a different socket. He would now prefer a refund.",
     "c o h 3 1 18 e"),
    ("zielinski", "Faktura wystawiona na niewłaściwą firmę",
     "Prosi o korektę przed końcem kwartału. Poprawne dane firmy są w wiadomości.",
     "e o m 2 0 80 e"),
    ("okafor", "Call about the router, please ring after six",
     "The evening drop-outs are back. She can only talk after six because of her shifts.",
     "e o h 4 4 22 v"),
    ("munoz", "Cobro de una cuota ya cancelada",
     "Dio de baja el servicio en febrero y tiene el correo de confirmación. Pide la devolución.",
     "c o m 2 0 64 e"),
    ("pascoe", "Tax receipt for last year needed again",
     "Her computer was stolen with all the files. Any format will do, even a scan.",
     "e o l 2 0 168 e"),
    ("chauhan", "वारंटी के बारे में जानकारी चाहिए",
     "फ़्रिज की मोटर खराब हो गई है। जानना चाहते हैं कि मरम्मत वारंटी में होगी या नहीं।",
     "e p m 4 0 90 c"),
    ("tran", "Where can I return old batteries?",
     "Bought twelve packs by mistake and has used ones too. Asks for a drop-off point near the station.",
     "e o l 0 0 - c"),
    ("vogel", "Bestellung ohne Lieferschein angekommen",
     "Ware vollständig, aber ohne Beleg. Für die Buchhaltung wird der Lieferschein nachgereicht erbeten.",
     "e o l 3 0 110 e"),
    ("delaney", "Pump repaired, dishwasher now trips the fuse",
     "Since the repair the fuse goes each time the machine heats. She has stopped using it.",
     "c o c 4 4 9 v"),
    ("bondar", "Списано кошти за скасоване замовлення",
     "Замовлення скасовано в той самий день, але гроші списали. Просить повернути на картку.",
     "c o h 2 0 33 e"),
    ("stone", "Order confirmation never arrived",
     "The money was taken. She finds no order in her account and no message in the spam folder.",
     "e o m 0 0 44 r"),
    ("yamada", "保証期間の延長について教えてください。手続きの方法も知りたいです",
     "来月で一年保証が切れる。延長の料金と申し込み方法をメールで知らせてほしい。",
     "e o l 0 0 130 e"),
    ("brandt", "Voucher from the apology letter has expired",
     "The letter came after the date printed on the voucher. He finds that rather funny, but would like it.",
     "c o l 1 5 77 e"),
    ("lefevre", "Suivi de colis bloqué depuis une semaine",
     "Dernier statut : arrivé au centre de tri. Le colis contient un cadeau d'anniversaire.",
     "c o h 3 0 15 r"),
    ("singh", "Change of delivery date to next Thursday",
     "She is away until Wednesday. The parcel shop is no option, the box is too heavy for her.",
     "e o m 0 0 26 r"),
    ("mcallister", "App asks for a code that never comes",
     "No text message arrives on his new number. The old number is still shown in the profile.",
     "e o h 4 0 11 c"),
    ("villareal", "Charged for express delivery that was late",
     "Paid 14.00 for next-day delivery, it took six days. She wants the express fee back.",
     "c o m 2 3 50 e"),
    ("carvalho", "Encomenda parada na alfândega há dias",
     "A transportadora pede um documento que o cliente não conhece. Precisa de ajuda para responder.",
     "e o h 0 0 21 e"),
    ("roe2", "Second parcel of the order is missing",
     "Two of three boxes came. The missing one has the screws, so nothing can be built.",
     "c o h 0 0 19 r"),
)  # fmt: skip

# Number of the case; title; template, status, priority, queue, agent, hours until due.
_TASKS = (
    (104, "Ring her after the line test", "b c h 4 4 -1010"),
    (106, "Ask the carrier for the delivery slip", "w r h 3 3 -905"),
    (109, "Check pump stock at the repair centre", "w c m 4 4 -710"),
    (110, "Confirm receipt of the returned goods", "w r m 2 2 -655"),
    (114, "Call back with the swap appointment", "b c h 4 4 -405"),
    (116, "Order a seal for the coffee machine", "w p m 4 4 -32"),
    (117, "Look for curtains in sand, 140 by 245", "w p m 3 3 -22"),
    (118, "Open a trace with the carrier", "w o h 3 0 -14"),
    (119, "Ask for the phone's exact model", "b p m 4 4 -9"),
    (120, "Verify both card charges with the bank", "b o c 2 2 -7"),
    (121, "Find the parcel before Friday noon", "w p c 3 3 -5"),
    (121, "Tell her the outcome either way", "b o h 0 3 2"),
    (123, "Compare the two direct debits", "b p h 2 2 8"),
    (124, "Reissue three invoices", "b h m 2 2 70"),
    (125, "Chase the refund with the payment provider", "b p h 2 1 14"),
    (126, "Arrange a pick-up of the damaged box", "w o h 3 0 18"),
    (129, "Find a shop with the router in stock", "w p c 4 4 4"),
    (130, "Start a search for the late parcel", "w p h 3 3 20"),
    (131, "Ask when the pram wheels come in", "w h m 3 6 90"),
    (133, "Offer a new appointment and a credit", "b o c 0 5 3"),
    (138, "Get the driver's delivery photo", "w p h 3 3 10"),
    (142, "Check the socket type of the lamp", "w o m 3 1 16"),
    (144, "Ring her back after six", "b o h 4 4 -"),
    (150, "Send an electrician today", "b o c 4 4 7"),
    (160, "Look for the box with the screws", "w o h 0 0 -"),
)

_CHANNELS = {"e": "email", "c": "chat", "v": "voice", "r": "rtm"}
_TEMPLATES = dict(zip("ecbw", TEMPLATES, strict=True))
_STATUSES = dict(zip("ophrc", STATUSES, strict=True))
_PRIORITIES = dict(zip("lmhc", PRIORITIES, strict=True))
_MINUTE = 60_000
_HOUR = 60 * _MINUTE


def fill(store: DeskStore) -> None:
    """Write the invented people, cases and tasks; their times hang on the store's clock."""
    now = store.now() // _MINUTE * _MINUTE
    people = {handle: (person, language) for handle, person, language in _people(store)}
    cases = {case.number: case for case in _cases(now, people)}
    for number, (case_number, title, code) in enumerate(_TASKS, start=101):
        task = _task(now, number, cases[case_number], title, code)
        cases[case_number].tasks.append(task.id)
        store.save(task)
    for case in cases.values():
        store.save(case)


def _people(store: DeskStore) -> Iterator[tuple[str, Customer, str]]:
    for line in _PEOPLE.strip().splitlines():
        handle, name, language, email, phone = (part.strip() for part in line.split("|"))
        yield handle, store.add_person(name=name, email=email, phone=phone), language


def _cases(now: int, people: Mapping[str, tuple[Customer, str]]) -> Iterator[DeskRecord]:
    for index, (handle, title, description, code) in enumerate(_CASES):
        person, language = people[handle]
        template, *handling, channel = code.split()
        address = {"emailId": person.email} if person.email else {"phoneNumber": person.phone}
        new = DeskRecord(
            kind="case",
            number=101 + index,
            template=_TEMPLATES[template].id,
            title=title,
            description=description,
            person={"_id": person.id, "name": person.name} | address,
            source=derived_id("emailInst", 1) if channel == "e" else "rtm",
            created=now - ((len(_CASES) - index) ** 2 * 25 + index * 37 % 50) * _MINUTE,
            updated=now,
            channels=[_CHANNELS[channel]],
            language=language,
        )
        yield _handled(new, now, handling)


def _task(now: int, number: int, case: DeskRecord, title: str, code: str) -> DeskRecord:
    template, *handling = code.split()
    new = DeskRecord(
        kind="task",
        number=number,
        template=_TEMPLATES[template].id,
        title=title,
        description="",
        person={key: case.person[key] for key in ("_id", "name")},
        source="rtm",
        created=case.created + (now - case.created) // _MINUTE // 4 * _MINUTE,
        updated=now,
        case_id=case.id,
        case_ref=case.ref,
        channels=case.channels,
    )
    return _handled(new, now, handling)


def _handled(new: DeskRecord, now: int, handling: Sequence[str]) -> DeskRecord:
    """Put a record into the state its code names, last changed some time after it was made."""
    status, priority, queue, agent, due = handling
    at = new.created
    worker = AGENTS[int(agent) - 1] if int(agent) else None
    assigned = Assignment.of(worker, QUEUES[int(queue) - 1] if int(queue) else None, at)
    author = {"name": worker.name, "_id": worker.id, "profImage": "no-avatar"} if worker else None
    until = None if due == "-" else now + int(due) * _HOUR
    return replace(
        new,
        status=_STATUSES[status].id,
        priority=_PRIORITIES[priority].id,
        assignment=assigned.kind,
        assignee=assigned.assignee,
        participants=assigned.participants,
        queues=assigned.queues,
        updated=at + (now - at) // _MINUTE * (new.number * 29 % 60) // 100 * _MINUTE,
        due=until,
        breached=until is not None and until < now and not _STATUSES[status].resolved,
        author=author or new.author,
    )
