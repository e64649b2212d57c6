# ruff: noqa: E501  # an agent is one line
"""User agents of people, as their browsers spell them: what a list of robots' names must not take for software.

Shapes are those that the makers document (WebView's `; wv`, Facebook's `FBAN` block, Instagram's device block); models
and versions are put together here.
"""

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


def android(
    device: str, tail: str = "", *, release: str = "13", chrome: str = "128.0.6613.88", wv: bool = False
) -> str:
    """Chrome, or an app's WebView, on an Android device."""
    view, version = ("; wv", "Version/4.0 ") if wv else ("", "")
    return (
        f"Mozilla/5.0 (Linux; Android {release}; {device}{view}) {_WEBKIT} {version}Chrome/{chrome} Mobile Safari/537.36"
        f"{' ' + tail if tail else ''}"
    )


def iphone(tail: str, *, system: str = "17_5_1") -> str:
    """A browser or an app on an iPhone."""
    return f"{_IPHONE.format(system)} {tail}"


def windows(tail: str) -> str:
    """A Chromium on Windows."""
    return f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} {tail}"


# The device's model or build holds a robot's name, or the word itself.
_DEVICES = (
    "CUBOT_NOTE_S Build/LMY47I", "CUBOT P20", "CUBOT_X18_Plus Build/O00623", "CUBOT X30", "CUBOT KINGKONG 9",
    "CUBOT_POWER", "CUBOT MAX 5 Build/UP1A.231005.007", "FEVER Build/LMY47D", "WIKO FEVER 4G Build/LMY47V",
    "HTC Butterfly s Build/LRX22G", "HTC_Butterfly_2", "HTC Butterfly 3 Build/OPR1.170623.027",
    "CPH2557 Build/AP3A.240617.008", "RMX3999 Build/AP3A.240617.008", "V2309 Build/AP3A.240617.008",
    "Pixel 10 Pro XL Build/CP1A.260305.018", "moto g(50) 5G Build/S1RSS32.38-20-9-13", "moto g(7) play",
    "Eluga I8 Build/PPR1.180610.011", "ELUGA X1 Build/O11019", "SonicPhone S1 Build/SP1A.210812.016",
    "Magellan eXplorist TRX7 Build/MMB29M", "Charlotte Build/QP1A.190711.020", "Synapse One Build/TP1A.220624.014",
    "YETI 5 Build/RP1A.200720.011", "Fluid X2 Build/QP1A.190711.020", "Robot K7 Build/NRD90M", "TALKBOT 3 Build/N2G47H",
    "23028RN4DI Build/TP1A.220624.014", "SM-S928B Build/UP1A.231005.007", "2201117TY", "ds9 Build/RKQ1.200826.002",
)  # fmt: skip

_BROWSERS = (
    android("SM-A546E"),
    android("K", release="10"),
    android("Pixel 8", "EdgA/127.0.2651.111"),
    android("SM-G991B", "OPR/83.2.4342.79765"),
    android("M2101K6G", "YaBrowser/24.7.3.94.00 SA/3"),
    android("RMX3085", "YaApp_Android/24.75.1 YaSearchBrowser/24.75.1", wv=True),
    android("Redmi Note 9 Pro", "coc_coc_browser/128.0.241"),
    windows("coc_coc_browser/128.0.241 Chrome/122.0.6261.241 Safari/537.36"),
    windows("CocCoc/115.0.0 Chrome/115.0.5790.188 Safari/537.36"),
    windows("Chrome/94.0.4606.71 Safari/537.36 SE 2.X MetaSr 1.0"),
    android("V2241A", "SogouMSE,SogouMobileBrowser/6.15.8"),
    iphone("Mobile/15E148 SogouMobileBrowser/6.15.8"),
    windows("Chrome/126.0.0.0 YaBrowser/24.7.0.0 Safari/537.36"),
    windows("Chrome/126.0.0.0 Safari/537.36 Atom/29.0.0.15"),
    windows("Chrome/122.0.0.0 Whale/3.25.232.19 Safari/537.36"),
    windows("Chrome/126.0.0.0 Safari/537.36 Vivaldi/6.8.3381.48"),
    windows("Chrome/127.0.0.0 Safari/537.36 Edg/127.0.0.0"),
    windows("Chrome/126.0.0.0 Safari/537.36 OPR/112.0.0.0"),
    windows("Chrome/109.0.0.0 Safari/537.36 Avast/109.0.24252.121"),
    windows("Chrome/127.0.0.0 Safari/537.36 CCleaner/127.0.0.0"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:129.0) Gecko/20100101 Firefox/129.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Android 14; Mobile; rv:129.0) Gecko/129.0 Firefox/129.0",
    "Mozilla/5.0 (Android 13; Mobile; CUBOT X30; rv:128.0) Gecko/128.0 Firefox/128.0",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    iphone("Version/17.5 Mobile/15E148 Safari/604.1"),
    iphone("CriOS/127.0.6533.107 Mobile/15E148 Safari/604.1"),
    iphone("FxiOS/129.0 Mobile/15E148 Safari/605.1.15"),
    iphone("Version/17.0 DuckDuckGo/7 Mobile/15E148 Safari/604.1"),
    iphone("GSA/328.1.658461140 Mobile/15E148 Safari/604.1"),
    android("SM-A515F", "SamsungBrowser/25.0", release="12"),
    android("CPH2481", "HeyTapBrowser/45.10.7.1"),
    android("Redmi Note 12", "XiaoMi/MiuiBrowser/14.14.0-gn"),
    android("ELS-NX9", "HuaweiBrowser/14.0.7.301"),
    android("V2134", "VivoBrowser/12.8.1.0"),
    android("SM-J730F", "UCBrowser/13.4.0.1306", release="9"),
    android("SM-T225", "DuckDuckGo/5"),
    "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/127.3.1 like Chrome/127.0.6533.106 Safari/537.36",
    "Mozilla/5.0 (Linux; U; Android 8.1.0; ru-ru; CUBOT_P20 Build/O11019) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/71.0.3578.141 Mobile Safari/537.36 XiaoMi/MiuiBrowser/12.9.3",
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/6.0 TV Safari/537.36",
    "Mozilla/5.0 (PlayStation; PlayStation 5/8.20) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
)  # fmt: skip


def _instagram(model: str, maker: str, release: str = "13", api: str = "33", language: str = "ru_RU") -> str:
    tail = (
        f"Instagram 340.0.0.14.109 Android ({api}/{release}; 480dpi; 1080x2400; {maker}; {model}; {model}; mt6765;"
        f" {language}; 622085927)"
    )
    return android(f"{model} Build/TP1A.220624.014", tail, release=release, wv=True)


def _facebook(model: str, app: str = "FB4A", language: str = "uk_UA", carrier: str = "Kyivstar") -> str:
    block = (
        f"[FBAN/EMA;FBLC/{language};FBAV/420.0.0.10.107;FBCR/{carrier};]"
        if app == "EMA"
        else f"[FB_IAB/{app};FBAV/475.1.0.46.82;FBCR/{carrier};]"
    )
    return android(f"{model} Build/UP1A.231005.007", block, wv=True)


_APPS = (
    *(
        _instagram(model, maker)
        for model, maker in (
            ("Eluga I8", "PANASONIC/Panasonic"), ("CUBOT X30", "CUBOT"), ("CUBOT_NOTE_S", "CUBOT/CUBOT"),
            ("moto g(50) 5G", "motorola"), ("HTC Butterfly 3", "htc"), ("FEVER", "WIKO/Wiko"),
            ("SM-A546E", "samsung"), ("23028RN4DI", "Xiaomi/Redmi"), ("RMX3085", "realme"), ("CPH2557", "OPPO"),
        )
    ),
    android("CPH2557 Build/AP3A.240617.008", "Instagram 406.0.0.58.159 Android (35/15; 480dpi; 1080x2400; OPPO; CPH2557;"
            " OP573DL1; mt6833; en_MY; 822918295; IABMV/1) NV/1", release="15", wv=True),
    iphone("Mobile/21F90 Instagram 343.0.0.24.117 (iPhone14,5; iOS 17_5_1; ru_RU; ru; scale=3.00; 1170x2532; 622085927)"),
    iphone("Mobile/21F90 Barcelona 342.0.0.26.97 (iPhone15,2; iOS 17_5_1; uk_UA; uk; scale=3.00; 1179x2556; 619461578)"),
    *(_facebook(model) for model in ("CUBOT KINGKONG 9", "SM-S921B", "M2101K6G", "HTC Butterfly s", "moto g(7) play")),
    _facebook("SM-A525F", "Orca-Android"),
    _facebook("CUBOT P20", "EMA", "ro_RO", "Orange RO"),
    _facebook("SM-A125F", carrier="KPN Fetch/1 Feedly"),
    android("Pixel 10 Pro XL Build/CP1A.260305.018", "MetaIAB Facebook", release="16", wv=True),
    android("SM-S928B Build/UP1A.231005.007", "MetaIAB Instagram", release="14", wv=True),
    android("SM-S928B Build/UP1A.231005.007", "MetaIAB Threads", release="14", wv=True),
    iphone("Mobile/21F90 [FBAN/FBIOS;FBAV/475.0.0.28.109;FBBV/628912466;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.5.1;"
           "FBSS/3;FBCR/;FBID/phone;FBLC/ru_RU;FBOP/80]"),
    iphone("Mobile/21F90 [FBAN/MessengerForiOS;FBAV/470.1.0.33.107;FBDV/iPhone15,3;FBSN/iOS;FBSV/17.5.1;FBLC/uk_UA]"),
    android("SM-A346E Build/UP1A.231005.007", "Viber/22.8.0.4", wv=True),
    android("CUBOT P80 Build/TP1A.220624.014", "Viber 22.9.1.0", wv=True),
    iphone("Mobile/15E148 Viber/22.6.0"),
    windows("Viber/22.8.0.0 Chrome/112.0.5615.213 Safari/537.36"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) WhatsApp/2.2424.0 "
    "Chrome/91.0.4472.164 Electron/13.6.9 Safari/537.36",
    android("SM-A057F Build/UP1A.231005.007", "WhatsApp/2.24.15.78 A", wv=True),
    iphone("Mobile/15E148 WhatsApp/24.15.80"),
    android("2201117TY Build/RKQ1.211001.001", "Telegram-Android/10.14.5 (Xiaomi 2201117TY; Android 12; SDK 31; HIGH)"),
    iphone("Version/17.5 Mobile/15E148 Safari/604.1 Telegram-iOS/10.15"),
    android("RMX3085 Build/SP1A.210812.016", "VKAndroidApp/8.91-22018 (Android 12; SDK 31; arm64-v8a; realme RMX3085; ru)", wv=True),
    iphone("Mobile/15E148 VKClient/8.90 (iPhone; iOS 17.5)"),
    android("SM-A105F Build/RP1A.200720.012", "OKApp/24.7.22", release="11", wv=True),
    iphone("Mobile/15E148 OK/9.56 (Odnoklassniki)"),
    android("SM-M127F Build/TP1A.220624.014", "ru.mail.mailapp/14.105.0", wv=True),
    android("SM-G996B Build/UP1A.231005.007", "GSA/15.30.34.28.arm64", wv=True),
    android("V2109 Build/TP1A.220624.014", "Line/14.11.0/IAB", wv=True),
    iphone("Mobile/15E148 Safari Line/14.11.0"),
    android("SM-N986N Build/TP1A.220624.014", "KAKAOTALK/10.8.2 (INAPP)", wv=True),
    android("SM-S918N Build/UP1A.231005.007", "NAVER(inapp; search; 2000; 12.7.4)", wv=True),
    android("SM-G973N Build/SP1A.210812.016", "DaumApps/7.5.0 DaumDevice/mobile Daum/7.5.0", wv=True),
    android("V2241A Build/TP1A.220624.014", "MicroMessenger/8.0.50.2701(0x28003253) WeChat/arm64 NetType/WIFI", wv=True),
    iphone("Mobile/15E148 MicroMessenger/8.0.50(0x18003231) NetType/4G Language/zh_CN"),
    android("SM-A145F Build/UP1A.231005.007", "BytedanceWebview/d8a21c6 musical_ly_2023505030 trill_350503", wv=True),
    iphone("Mobile/15E148 BytedanceWebview/d8a21c6 musical_ly_35.5.0 JsSdk/2.0 NetType/WIFI Channel/App Store"),
    android("SM-A245F Build/UP1A.231005.007", "Snapchat/13.2.0.47 (SM-A245F; Android 14#A245FXXS6CXF3#34; gzip)", wv=True),
    iphone("Mobile/15E148 Snapchat/13.0.0.39 (like Safari/8618.2.12.10.9, panda)"),
    android("CPH2219 Build/TP1A.220624.014", "[Pinterest/Android]", wv=True),
    iphone("Mobile/15E148 [Pinterest/iOS]"),
    iphone("Mobile/15E148 Twitter for iPhone/10.51"),
    android("SM-A736B Build/UP1A.231005.007", "TwitterAndroid", wv=True),
    iphone("Mobile/15E148 LinkedInApp/9.29.7962"),
    android("SM-F946B Build/UP1A.231005.007", "com.linkedin.android/199000", wv=True),
    iphone("Mobile/15E148 Tumblr/35.6"),
    iphone("Mobile/15E148 PayPal/8.66.0"),
    iphone("Mobile/15E148 Feedly/119.0"),
    iphone("Mobile/15E148 Bluesky/1.89"),
    android("SM-A336B Build/UP1A.231005.007", "upday/4.22.0", wv=True),
    windows("Notion/3.11.1 Chrome/126.0.6478.127 Electron/31.2.1 Safari/537.36"),
    windows("discord/1.0.9156 Chrome/124.0.6367.243 Electron/30.2.0 Safari/537.36"),
    windows("Slack/4.39.95 Chrome/126.0.6478.114 Electron/31.1.0 Safari/537.36"),
    "Mozilla/5.0 (Linux; Android 12; CUBOT X50 Build/SP1A.210812.016; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/127.0.6533.103 Mobile Safari/537.36 OPR/83.2.4342.79765",
)  # fmt: skip

PEOPLE = tuple(dict.fromkeys((*(android(device) for device in _DEVICES), *_BROWSERS, *_APPS)))

TAKEN_FOR_ROBOTS = (r"AP3A\.240617\.008", r"MetaIAB Facebook")
"""Patterns of the robots' list that are a build of Android 15 and the browser inside Facebook's app: people's."""

TOOLS = (
    "", "  ", "Viber", "WhatsApp", "WhatsApp/2.23.20.0", "WhatsApp/2.2587.9 W", "TelegramBot (like TwitterBot)",
    "curl/8.5.0", "facebookexternalhit/1.1", "facebookexternalhit/1.1;line-poker/1.0", "okhttp/4.12.0",
    "Dalvik/2.1.0 (Linux; U; Android 13; SM-A546E Build/TP1A.220624.014)", "Java/17.0.9", "Dart/3.4 (dart:io)",
    "PostmanRuntime/7.40.0", "GuzzleHttp/7", "MyShop/12 CFNetwork/1496.0.7 Darwin/23.5.0", "kube-probe/1.29",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "ELB-HealthChecker/2.0", "Unfurlist/1.2",
    "Mozilla/5.0 (compatible; NewName-bot/1.0; +https://new.example/bot)", "Mozilla/5.0 (compatible; a-crawler)",
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0 "
    "Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Linux; Android 13; CUBOT P20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Mobile "
    "Safari/537.36 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/127.0.0.0 Safari/537.36",
)  # fmt: skip
