"""The dossiers of the demo: what a notary's or an architect's clients could look like. Nobody in them exists."""

from typing import Final

import msgspec


class DemoDossier(msgspec.Struct, frozen=True):
    """One dossier as it is created over the API; one of them gets documents."""

    title: str
    reference: str
    notes: str
    closed: bool = False
    about_the_facade: bool = False


DOSSIERS: Final = (
    DemoDossier("Sale of a terraced house, Kerkstraat 14", "2026/001", "Soil certificate asked for on 3 March."),
    DemoDossier("Marriage settlement Vermeulen and Lambert", "2026/002", "Both wish to keep their own property apart."),
    DemoDossier("Estate of the late G. Claes", "2026/003", "Three heirs; inventory planned.", closed=True),
    DemoDossier("Conversion of the old bakery into two flats", "2026/004", "Permit expected in the autumn."),
    DemoDossier("Founding of Zonnebloem BV", "2026/005", "Financial plan received, bank certificate outstanding."),
    DemoDossier("Gift of a building plot, Lindelaan", "2026/006", "Parents keep the usufruct."),
    DemoDossier("Division of an estate, family De Backer", "2026/007", "Agreement on the farm, none on the orchard."),
    DemoDossier("Purchase of an office, Avenue Louise 200", "2026/008", "VAT on the part built after 2024."),
    DemoDossier("Statutes of the cooperative De Molen", "2026/009", "General meeting on 12 May.", closed=True),
    DemoDossier("Extension of a school gymnasium", "2026/010", "Tender documents at 80 %."),
    DemoDossier("Mandate in case of incapacity, M. Jacobs", "2026/011", "Registered."),
    DemoDossier(
        "Renovation of a listed façade",
        "2026/012",
        "Heritage agency asks for lime mortar.",
        about_the_facade=True,
    ),
)
