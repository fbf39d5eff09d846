"""A name, a title and a sentence of an invented customer in fifteen scripts."""

# Letters of other scripts look like Latin ones; that is the point here.
# ruff: noqa: RUF001

from typing import Final

SCRIPTS: Final = {
    "Latin": ("Zoë Åkermann", "Café crème à emporter", "L'addition n'est pas arrivée."),
    "Cyrillic": ("Ганна Коваль", "Чайник протікає", "Вода тече знизу."),
    "Greek": ("Ελένη Παππά", "Το δέμα άργησε", "Δεν ήρθε ακόμα."),
    "Arabic": ("هدى السالم", "تأخر الطرد", "لم يصل الطرد بعد."),
    "Hebrew": ("נועה לוי", "החבילה מתעכבת", "היא עוד לא הגיעה."),
    "Devanagari": ("मीरा शर्मा", "पार्सल नहीं आया", "अभी तक नहीं पहुँचा।"),
    "Bengali": ("মিতা সেন", "পার্সেল আসেনি", "এখনও পৌঁছায়নি।"),
    "Tamil": ("மீனா ராஜன்", "பொதி வரவில்லை", "இன்னும் வரவில்லை."),
    "Thai": ("มาลี ใจดี", "พัสดุล่าช้า", "ยังไม่ได้รับ"),
    "Han": ("李 小梅", "包裹延误了", "还没有收到。"),
    "Japanese": ("佐藤 花子", "荷物が届きません", "まだ届いていません。"),
    "Hangul": ("김 하늘", "택배가 늦어요", "아직 받지 못했습니다."),
    "Georgian": ("ნინო ბერიძე", "ამანათი იგვიანებს", "ჯერ არ მოსულა."),
    "Armenian": ("Անի Պետրոսյան", "Ծանրոցը ուշանում է", "Դեռ չի հասել։"),
    "Ethiopic": ("ሄለን ታደሰ", "ጥቅሉ ዘግይቷል", "እስካሁን አልደረሰም።"),
}
