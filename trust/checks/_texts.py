"""What is no English talk, by kind: each text stands in a recording of its own, and all of a kind in one."""

from __future__ import annotations

import random
import string

_RANDOM = random.Random(0)

ENGLISH = "I told you that we should go home before it rains, and you said no. "


def _letters(count: int) -> str:
    return "".join(_RANDOM.choice(string.ascii_lowercase + "   ") for _ in range(count))


LANGUAGES: dict[str, list[str]] = {
    "German": [
        "Was hast du getan?",
        "Ich habe es verkauft, es tut mir leid.",
        "Das ist ja wunderbar, ich freue mich so!",
        "Ich hasse dich, geh weg!",
    ],
    "Spanish": [
        "¿Qué has hecho?",
        "Lo vendí, lo siento mucho.",
        "¡Qué maravilla, estoy tan contento!",
        "¡Te odio, vete de aquí!",
    ],
    "French": [
        "Qu'est-ce que tu as fait ?",
        "Je l'ai vendu, je suis désolé.",
        "C'est merveilleux, je suis si content !",
        "Je te déteste, va-t'en !",
    ],
    "Italian": [
        "Che cosa hai fatto?",
        "L'ho venduto, mi dispiace tanto.",
        "Che meraviglia, sono così contento!",
        "Ti odio, vattene via!",
    ],
    "Portuguese": [
        "O que você fez?",
        "Eu vendi, sinto muito mesmo.",
        "Que maravilha, estou tão feliz!",
        "Eu te odeio, vai embora!",
    ],
    "Dutch": [
        "Wat heb je gedaan?",
        "Ik heb het verkocht, het spijt me zo.",
        "Wat heerlijk, ik ben zo blij!",
        "Ik haat je, ga toch weg!",
    ],
    "Polish": [
        "Co ty zrobiłeś?",
        "Sprzedałem to, przepraszam.",
        "To wspaniale, tak się cieszę!",
        "Nienawidzę cię, idź sobie!",
    ],
    "Turkish": [
        "Ne yaptın sen?",
        "Onu sattım, çok üzgünüm.",
        "Bu harika, çok mutluyum!",
        "Senden nefret ediyorum, git buradan!",
    ],
    "Swahili": [
        "Umefanya nini?",
        "Nimeiuza, samahani sana.",
        "Hii ni nzuri sana, nimefurahi!",
        "Ninakuchukia, ondoka hapa!",
    ],
    "Russian": ["Что ты наделал?", "Я его продал, прости меня.", "Я тебя ненавижу, уходи!"],
    "Chinese": ["你做了什么?", "我把它卖了,对不起。", "太好了,我真高兴!"],
    "Japanese": ["何をしたの?", "売ってしまった、ごめんなさい。", "大嫌い、あっちへ行って!"],
    "Arabic": ["ماذا فعلت؟", "لقد بعته، أنا آسف.", "أكرهك، اذهب بعيدا!"],
    "Hindi": ["तुमने क्या किया?", "मैंने इसे बेच दिया, मुझे माफ़ करो।", "यह अद्भुत है, मैं बहुत खुश हूँ!"],
}
"""The same four sentences of an everyday quarrel, or three of them."""

OTHERS: dict[str, list[str]] = {
    "emoji": ["😀😀😀", "😡", "❤️❤️❤️🎉", "🤷"],
    "punctuation": ["...", "?!?!?!", "-- --", "!!!!!!!!"],
    "digits": ["1234567890", "3.14159 2.71828", "555-0199 555-0100", "42"],
    "nothing": ["", " ", "\t", "\u200b"],
    "code": [
        "for (int i = 0; i < n; i++) { a[i] += b[i]; }",
        "SELECT id, name FROM users WHERE age > 30;",
        "def f(x): return [y**2 for y in x]",
        '<div class="row"><p>&nbsp;</p></div>',
    ],
    "addresses": ["https://example.org/a/b?c=d", "www.example.com", "user@example.com"],
    "lorem ipsum": [
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
        "Sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.",
        "Ut enim ad minim veniam, quis nostrud exercitation.",
    ],
    "one word repeated": ["no " * 200, "happy " * 300, "the " * 20, "buffalo " * 50],
    "letters at random": ["asdf jkl qwer zxcv uiop", "xkcdq wpvtr bnmzl", _letters(200), _letters(10_000)],
    "one long word": ["x" * 10_000, "ha" * 5_000],
    "10,000 characters": [(ENGLISH * 200)[:10_000]],
}

SHORT = 4
"""Words up to which a text in Latin letters may pass alone: there are too few letters to tell."""
