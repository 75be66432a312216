"""Tokens of vendors, by the prefixes that the vendors document themselves.

The prefix makes a token recognisable on purpose: see "Behind GitHub's new authentication token
formats" (2021), which most vendors followed. Publishable keys (``pk_live_``) are left alone.
"""

import re

from sentry_app.scrubbing.findings import Findings

_W = r"[A-Za-z0-9_\-]"
_A = r"[A-Za-z0-9]"
_X = r"[0-9a-f]"
_B = r"[A-Za-z0-9+/=_\-]"

#: What a token looks like from its first letter on.
TOKENS = (
    # clouds and hosting
    r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}",
    r"ABSK[A-Za-z0-9+/=]{60,}",
    rf"AIza{_W}{{35}}",
    rf"ya29\.{_W}{{20,}}",
    rf"GOCSPX-{_W}{{20,}}",
    rf"1//0{_W}{{30,}}",
    rf"{_W}{{3}}8Q~[A-Za-z0-9_~.\-]{{31,34}}",
    rf"LTAI{_A}{{12,24}}",
    rf"do[opr]_v1_{_X}{{64}}",
    rf"HRKU-{_W}{{30,}}",
    rf"fo1_{_W}{{40,}}",
    r"fm[12][ar]?_[A-Za-z0-9+/=_\-]{60,}",
    rf"nfp_{_A}{{36,}}",
    rf"dapi{_X}{{32}}",
    rf"hv[sbr]\.{_W}{{24,}}",
    rf"{_A}{{14}}\.atlasv1\.{_W}{{60,}}",
    rf"pul-{_X}{{40}}",
    rf"dp\.(?:pt|st|sa|ct|scim|audit)\.(?:{_W}{{2,35}}\.)?{_A}{{40,44}}",
    rf"tskey-{_W}{{16,}}",
    rf"sbp_{_X}{{40}}",
    rf"sb_secret_{_W}{{20,}}",
    r"pscale_(?:tkn|pw|oauth)_[\w=.\-]{32,}",
    rf"rnd_{_A}{{28,}}",
    rf"v1\.0-{_X}{{24}}-{_X}{{100,}}",
    rf"vercel_{_A}{{20,}}",
    rf"vc[kpria]_{_A}{{24,}}",
    r"django-insecure-[^\s'\"]{20,}",  # what startproject writes
    # code hosts and registries
    rf"gh[pousr]_{_A}{{30,255}}",
    rf"github_pat_{_A}\w{{21,}}",
    rf"gl(?:pat|ptt|dt|rt|rtr|cbt|ft|soat|agent|oas|imt|ffct|wt)-{_W}{{20,}}",
    rf"GR1348941{_W}{{20}}",
    r"AT(?:ATT|CTT)3[\w=\-]{50,}",
    rf"ATBB{_A}{{32}}",
    rf"npm_{_A}{{30,}}",
    rf"pypi-{_W}{{16,}}",
    rf"rubygems_{_X}{{48}}",
    r"oy2[a-z0-9]{43}",
    rf"cio{_A}{{32}}",
    rf"dckr_[po]at_{_W}{{20,}}",
    rf"AKCp{_A}{{60,}}",
    rf"cmVmd{_A}{{59}}",
    rf"bkua_{_X}{{40}}",
    rf"CCI(?:PAT|PRJ)_{_W}{{20,}}",
    rf"sq[pua]_{_X}{{40}}",
    # chat
    rf"xox[abeoprs]-{_W}{{10,}}",
    rf"xoxe\.xox[bp]-\d-{_W}{{20,}}",
    rf"xapp-\d-{_W}{{20,}}",
    rf"[MNO]{_W}{{23,27}}\.{_W}{{6}}\.{_W}{{27,40}}",
    rf"\d{{8,10}}:AA{_W}{{32,34}}",
    rf"EAA[A-Z]{_A}{{40,}}",
    r"AAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{40,}",
    # payment and trade
    rf"(?:sk|rk)_(?:live|test|prod)_{_A}{{10,}}",
    r"whsec_[A-Za-z0-9+/=]{20,}",
    rf"sq0[a-z]{{3}}-{_W}{{22,}}",
    r"EAAA[a-zA-Z0-9_\-]{58,}",
    r"access_token\$\w+\$[\w$]{20,}",
    r"shp(?:at|ca|pa|ss|tka|ua)_[0-9a-fA-F]{32}",
    rf"rzp_(?:live|test)_{_A}{{14,}}",
    rf"access-(?:sandbox|development|production)-{_X}{{8}}-[0-9a-f\-]{{27}}",
    rf"E[ZS](?:AK|TK){_A}{{54,}}",
    rf"shippo_(?:live|test)_{_X}{{40}}",
    rf"duffel_(?:live|test)_{_W}{{40,}}",
    rf"FLWSECK_?[A-Za-z_]*-{_W}{{12,}}",
    # mail and telephone
    rf"SG\.{_W}{{16,}}\.{_W}{{16,}}",
    rf"key-{_X}{{32}}",
    rf"{_X}{{32}}-us\d{{1,2}}",
    rf"{_X}{{32}}-{_X}{{8}}-{_X}{{8}}(?![\w-])",
    rf"xkeysib-{_X}{{64}}-{_A}{{16}}",
    rf"xsmtpsib-{_X}{{64}}-{_A}{{16}}",
    rf"SK{_X}{{32}}",
    rf"re_{_A}{{8}}_{_A}{{20,}}",
    rf"md-{_W}{{22}}",
    rf"mlsn\.{_X}{{60,}}",
    # AI
    rf"sk-(?:proj|svcacct|admin|None|ant|or|lf|live)-{_W}{{20,}}",
    rf"sk-{_A}{{32,}}",
    rf"hf_{_A}{{30,}}",
    rf"api_org_{_A}{{30,}}",
    rf"gsk_{_A}{{40,}}",
    rf"xai-{_A}{{60,}}",
    rf"pplx-{_A}{{40,}}",
    rf"r8_{_A}{{37,}}",
    rf"lsv2_(?:pt|sk)_{_X}{{32}}\w*",
    rf"pcsk_{_W}{{40,}}",
    rf"fw_{_A}{{22,}}",
    rf"tvly-{_W}{{20,}}",
    rf"nvapi-{_W}{{40,}}",
    rf"jina_{_A}{{50,}}",
    rf"fc-{_X}{{32}}",
    rf"v[1-4]\.(?:local|public)\.{_W}{{40,}}",  # PASETO
    rf"MDA[a-z0-9]{_W}{{80,}}",  # a macaroon
    # others
    rf"lin_(?:api|oauth)_{_A}{{32,}}",
    rf"secret_{_A}{{43}}",
    rf"ntn_{_A}{{40,}}",
    rf"figd_{_W}{{38,}}",
    rf"pat{_A}{{14}}\.{_X}{{64}}",
    rf"glsa_{_A}{{32}}_[0-9a-fA-F]{{8}}",
    r"glc_[A-Za-z0-9+/=]{32,}",
    rf"NR(?:AK|II|IQ|RA|SP|JS)-{_W}{{19,}}",
    r"sntry[su]_[A-Za-z0-9+/=_]{40,}",
    rf"phx_{_A}{{40,}}",
    r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
    rf"PMAK-{_X}{{24}}-{_X}{{34}}",
    rf"CFPAT-{_W}{{43}}",
    r"tfp_[\w.\-]{40,}",
    rf"(?:sdk|mob|api)-{_X}{{8}}-(?:{_X}{{4}}-){{3}}{_X}{{12}}",
    r"rdme_\w{60,}",
    rf"ops_eyJ{_W}{{60,}}",
    r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{5,11}-?){4,5}",
    rf"ico-{_A}{{32}}",
    rf"shppa_{_X}{{32}}",
    rf"pnu_{_A}{{36}}",
    rf"dop_v1_{_X}{{64}}",
    rf"sl\.{_W}{{100,}}",
    # Azure's keys; SHA-512 looks the same.
    r"(?<![+/])(?<!sha512[-:=])(?<!sha-512[-:=])(?<!SHA-512[-:=])[A-Za-z0-9+/]{86}==",
    rf"{_A}{{52}}JQQJ99{_A}{{18,30}}",  # Azure's keys since 2024
    rf"AKID{_A}{{32,}}",
    rf"(?:AQVN|t1\.9eu){_W}{{35,}}",
    rf"y[0-3]_{_W}{{50,}}",
    r"SCW[A-Z0-9]{17}",
    rf"CLOJARS_{_X}{{60}}",
    rf"packagist_[ou]?[a-z]{{0,3}}_{_X}{{40,}}",
    rf"AAAA{_W}{{7}}:APA91b{_W}{{100,}}",
    rf"eyJrIjoi{_B}{{40,}}",
    rf"hc[abx][ilm]k_{_A}{{50,}}",
    rf"napi_{_A}{{40,}}",
    rf"aio_{_A}{{28}}",
    rf"(?:live|test)_(?:{_X}{{35}}|pub_{_X}{{31}}|{_A}{{30}})(?!{_A})",
    rf"pat-[a-z]{{2,4}}\d?-{_X}{{8}}-(?:{_X}{{4}}-){{3}}{_X}{{12}}",
    rf"fio-u-{_W}{{60,}}",
    rf"xa[ap]t-{_X}{{8}}-(?:{_X}{{4}}-){{3}}{_X}{{12}}",
    rf"mdb_sa_sk_{_W}{{30,}}",
    rf"CCDB1_{_W}{{20,}}",
    rf"essu_{_B}{{40,}}",
    rf"ory_(?:pat|at|ac|rt|st)_{_W}{{20,}}",
    rf"dbt[cu]_{_W}{{30,}}",
    rf"apify_api_{_A}{{30,}}",
    rf"tgp_v1_{_W}{{40,}}",
    rf"csk-{_A}{{40,}}",
    rf"pa-{_W}{{40,}}",
    rf"e2b_{_X}{{40}}",
    rf"sk_{_X}{{48}}",
    rf"sgp_(?:{_A}{{16}}_|local_)?{_X}{{40}}",
    rf"ek_(?:live|test)_{_A}{{20,}}",
    r"pdl_(?:live|sdbx)_apikey_\w{30,}",
    rf"klarna_(?:live|test)_api_{_B}{{20,}}",
    rf"Mid-server-{_W}{{20,}}",
    r"cfsk_ma_(?:prod|test)_\w{30,}",
    rf"ATTA{_X}{{64}}",
    rf"WPL_AP1\.{_A}{{10,}}[\w.=]*",
    rf"secret-(?:live|test)-{_W}{{30,}}=?",
    r"[12]/\d{14,18}(?:/\d{14,18})?:[0-9a-f]{32}",
    rf"oauth:{_A}{{30}}",
    rf"xprv{_A}{{100,}}",
    r"nsec1[a-z0-9]{58}",
    rf"sk\.eyJ{_W}{{40,}}\.{_W}{{20,}}",
    rf"(?<![.+])s\.(?=[A-Za-z]{{0,23}}\d)(?=[^a-z]{{0,23}}[a-z])(?=[^A-Z]{{0,23}}[A-Z]){_A}{{24}}(?!{_W})",
    rf"(?<![+])u\+(?=[A-Za-z_\-]{{0,17}}\d)(?=[^A-Z]{{0,17}}[A-Z]){_W}{{18}}(?!{_W})",
)

#: Before it stands no letter or digit, unless that spells a line break out (in a repr, in JSON).
_TOKEN = re.compile(rf"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:{'|'.join(TOKENS)})")
_SHORTEST = 16


def scrub(text: str, found: Findings) -> str:
    """``text`` without vendors' tokens."""
    if len(text) < _SHORTEST:
        return text
    return found.replace("vendor token", _TOKEN, text)
