"""What people read, in their language: catalogues of messages beside the code that says them (decision 0031)."""

from belsimple.language.catalogues import LANGUAGES, PLATFORM, Language, marked, translations
from belsimple.language.messages import Message, counted, message, translated
from belsimple.language.preference import preferred_language

__all__ = [
    "LANGUAGES",
    "PLATFORM",
    "Language",
    "Message",
    "counted",
    "marked",
    "message",
    "preferred_language",
    "translated",
    "translations",
]
