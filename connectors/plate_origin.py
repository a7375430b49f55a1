"""Where a plate is from, as readers write it, to lower-case ISO 3166 (us-la, pl)."""

from __future__ import annotations

import re
from functools import lru_cache

from connectors.hotlist_csv.region import region_of

#: ISO 3166-1: alpha-3 and alpha-2 in one word each; XKX/XK is in common use for Kosovo.
_ISO_3166_1 = """
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT AZEAZ BDIBI
BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT
BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU
CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET
FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR
GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR
IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB
LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH
MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE
NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL
PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ
SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC
TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY
USAUS UZBUZ VATVA VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS XKXXK YEMYE ZAFZA ZMBZM ZWEZW
"""
_ALPHA_2 = {word[:3]: word[3:].lower() for word in _ISO_3166_1.split()}
_KNOWN_ALPHA_2 = frozenset(_ALPHA_2.values())
_UNKNOWN = frozenset({"", "UNK", "UNKNOWN", "NON", "NONE", "NULL", "N/A", "?", "-", "0", "XX", "ZZ"})
#: Names in use beside those that lists write.
_ALSO = {"WASHINGTON_DC": "DC", "WASHINGTON DC": "DC", "D.C.": "DC"}
_PART = re.compile(r"[A-Z0-9]{1,3}")


@lru_cache(maxsize=1024)
def country(text: str) -> str | None:
    """Return a country given as alpha-2 or alpha-3; None for what is neither."""
    word = text.strip().upper()
    if word in _UNKNOWN:
        return None
    low = word.lower()
    return _ALPHA_2.get(word) or (low if low in _KNOWN_ALPHA_2 else None)


@lru_cache(maxsize=4096)
def origin(land: str | None, part: str | None = None) -> str | None:
    """Return the region of a plate from a country and a part of it, as far as either is known.

    ``("USA", "LA")`` and ``(None, "louisiana")`` give ``us-la``, ``("POL", None)`` gives ``pl``. A part without a
    country is a state of the United States or a province of Canada. What is not known gives None: no region is better
    than a wrong one.
    """
    code = country(land) if land else None
    word = (part or "").strip().upper()
    if word in _UNKNOWN:
        return code
    if code in (None, "us", "ca", "mx"):
        try:
            found = region_of(_ALSO.get(word, word.replace("_", " ")))
        except ValueError:
            found = None
        fits = found is not None and (code is None or found.partition("-")[0] == code)
        return found if fits else code
    return _joined(code or "", word) or code


def _joined(land: str, part: str) -> str | None:
    """A code such as ``PL-MZ`` or ``MZ`` below its country."""
    head, _, tail = part.rpartition("-")
    if head and head.lower() != land:
        return None
    return f"{land}-{tail.lower()}" if land and _PART.fullmatch(tail) else None
