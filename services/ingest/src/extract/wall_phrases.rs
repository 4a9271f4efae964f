//! What walls say, in lower case, in the languages that much is published in. Set apart by `|`.

/// Titles of checks that the visitor is a person, folded.
pub(super) const CHALLENGE_TITLES: &str = "\
    just a moment|attention required|attention required cloudflare|checking your browser|are you a robot|\
    are you human|verify you are human|human verification|security check|security checkpoint|\
    ddos protection|bot verification|pardon our interruption|captcha|einen moment|un momento|un instant|\
    安全验证|人机验证|访问验证|请稍候|しばらくお待ちください|making sure youre not a bot|vercel security checkpoint|client challenge|\
    access verification|проверка безопасности|請稍候|安全驗證|잠시만 기다리십시오|een ogenblik geduld|um momento";

/// What such checks say.
pub(super) const CHALLENGE: &str = "\
    checking your browser|checking if the site connection is secure|verify you are human|\
    verify that you are human|verify that you're not a robot|confirm you are a human|\
    unusual traffic from your|enable javascript and cookies to continue|complete the captcha|\
    solve the captcha|needs to review the security of your connection|\
    bestätigen sie, dass sie ein mensch sind|vérifiez que vous êtes humain|verifique que es un ser humano|\
    请完成安全验证|请输入验证码|正在检查您的浏览器|人間であることを確認|ロボットではないことを確認|verifying your browser|make sure you're not a bot|\
    making sure you're not a bot|ensure the security of your connection|подтвердите, что вы человек|\
    please verify you are a human|請完成安全驗證|로봇이 아닙니다";

/// Titles of messages of servers, folded.
pub(super) const ERROR_TITLES: &str = "\
    404|404 not found|404 error|error 404|404 page not found|not found|page not found|\
    the page cannot be found|this page doesnt exist|sorry page not found|410 gone|403 forbidden|403|\
    forbidden|access denied|access to this page has been denied|401 unauthorized|429 too many requests|\
    too many requests|500 internal server error|internal server error|502 bad gateway|bad gateway|\
    503 service unavailable|503 service temporarily unavailable|service unavailable|504 gateway time out|\
    gateway timeout|error|seite nicht gefunden|404 seite nicht gefunden|zugriff verweigert|page introuvable|\
    page non trouvée|erreur 404|accès refusé|página no encontrada|error 404 página no encontrada|\
    acceso denegado|pagina non trovata|página não encontrada|页面不存在|页面未找到|找不到页面|您访问的页面不存在|访问被拒绝|系统错误|\
    ページが見つかりません|お探しのページは見つかりませんでした|アクセスが拒否されました|451 unavailable due to legal reasons|\
    unavailable due to legal reasons|oops page not found|oops that page cant be found|\
    404 file or directory not found|404 nicht gefunden|diese seite wurde nicht gefunden|erro 404|\
    pagina niet gevonden|404 pagina niet gevonden|sidan hittades inte|sidan kunde inte hittas|\
    siden blev ikke fundet|nie znaleziono strony|strona nie została znaleziona|страница не найдена|\
    404 страница не найдена|доступ запрещен|找不到網頁|找不到頁面|頁面不存在|페이지를 찾을 수 없습니다";

/// What pages say that only scripts fill.
pub(super) const SCRIPT: &str = "\
    enable javascript|turn on javascript|activate javascript|javascript is disabled|\
    javascript is not enabled|javascript must be enabled|javascript to be enabled|requires javascript|\
    javascript is required|javascript seems to be disabled|your browser does not support javascript|\
    aktivieren sie javascript|javascript aktivieren|activer javascript|activez javascript|active javascript|\
    habilitar javascript|habilite javascript|abilita javascript|启用javascript|启用 javascript|javascriptを有効|\
    включить javascript|включите javascript|자바스크립트를 활성화|javascript를 활성화|啟用 javascript|啟用javascript|\
    javascript inschakelen|schakel javascript in|javascript in te schakelen|włącz javascript|\
    włączyć javascript|włącz obsługę javascript|ative o javascript|ativar o javascript|\
    habilite o javascript|activa javascript|attiva javascript|abilitare javascript|aktivera javascript|\
    slå på javascript|javascript est désactivé";

/// Titles of forms to sign in, folded.
pub(super) const LOGIN_TITLES: &str = "\
    log in|login|sign in|signin|log in or sign up|log in to continue|sign in to continue|please log in|\
    please sign in|member login|log in or register|anmelden|anmeldung|einloggen|connexion|se connecter|\
    identifiez vous|iniciar sesión|acceder|accedi|entrar|登录|用户登录|登入|ログイン|サインイン|inloggen|aanmelden|\
    zaloguj się|logowanie|войти|вход|авторизация|logga in|logg inn|log på|登入會員|會員登入|로그인";

/// What requests for consent say.
pub(super) const CONSENT: &str = "\
    we use cookies|partners use cookies|site uses cookies|page uses cookies|we would like to use cookies|\
    accept cookies|accept all cookies|cookie policy|cookie settings|cookie preferences|\
    cookies and similar technologies|manage cookies|accept all|your consent|our partners store|\
    wir verwenden cookies|wir nutzen cookies|wir setzen cookies|cookies akzeptieren|alle akzeptieren|\
    utilisons des cookies|accepter les cookies|site utilise des cookies|tout accepter|utilizamos cookies|\
    usamos cookies|sitio utiliza cookies|aceptar todas|utilizziamo i cookie|使用cookie|使用 cookie|cookieを使用|\
    store and access information on a device|store and/or access information on a device|\
    process personal data|precise geolocation|personalised advertising|personalized advertising|\
    refuse consenting|withdraw your consent|not require your consent|mit werbung weiterlesen|\
    werbefrei lesen|zustimmen und weiter|gebruiken cookies|cookies accepteren|plaatsen van alle cookies|\
    toestemming voor het plaatsen|site usa cookies|utiliza cookies|política de cookies|politique de cookies|\
    używamy plików cookie|wykorzystuje pliki cookie|pliki cookies|utilizza cookie|utilizza i cookie|\
    usa i cookie|использует cookie|используем файлы cookie|файлы cookie|쿠키를 사용|använder cookies|\
    godkänn alla|bruger cookies|informasjonskapsler";

/// What offers say to those who may not read on.
pub(super) const PAYWALL: &str = "\
    subscribe to continue|subscribe to read|subscribe to keep reading|subscribe now to read|\
    subscribe to unlock|\
    already a subscriber?|for subscribers only|\
    available to subscribers only|exclusively for subscribers|this content is for subscribers|\
    this post is for paid subscribers|this post is for paying subscribers|sign in to continue reading|\
    log in to continue reading|weiterlesen mit|jetzt weiterlesen|nur für abonnenten|\
    jetzt abonnieren und weiterlesen|réservé aux abonnés|réservé à nos abonnés|abonnez-vous pour lire|\
    la suite est réservée|contenido exclusivo para suscriptores|suscríbete para seguir leyendo|\
    riservato agli abbonati|订阅后继续阅读|订阅后可阅读全文|开通会员后阅读|登录后阅读全文|有料会員限定|続きを読むには会員登録|for members only|\
    become a member to|to unlock the full|already a member?|subscribe for full access|\
    subscribe for unlimited|this story is for subscribers|this article is for subscribers|\
    exclusive to subscribers|already a paid subscriber?|abonnenten vorbehalten|nur mit abo|mit abo lesen|\
    exklusiv für abonnenten|réservé à nos membres|de cet article à lire|pour lire la suite|\
    solo para suscriptores|suscriptor para leer|suscríbete para leer|para seguir leyendo|\
    abbonati per continuare|riservato agli utenti|per continuare a leggere|exclusivo para assinantes|\
    assine para continuar|para continuar lendo|conteúdo para assinantes|alleen voor abonnees|\
    exclusief voor abonnees|abonneer je om|om verder te lezen|dostępny tylko dla prenumeratorów|\
    aby czytać dalej|wykup prenumeratę|wykup dostęp|доступен только по подписке|только для подписчиков|\
    оформите подписку, чтобы|чтобы читать дальше|本文为付费内容|成为会员即可阅读|付费后可查看|付费阅读|會員專屬|訂戶專屬|訂閱後|成為會員即可閱讀|\
    登入後繼續閱讀|付費內容|구독자 전용|구독 후 이용|유료 회원|로그인 후 이용|전체 기사를 보려면|endast för prenumeranter|fortsätta läsa|\
    bli prenumerant|läs vidare med";

/// What stands over offers, and over teasers of other articles too.
pub(super) const OFFER_HEADINGS: &str = "to continue reading, |to continue reading this|to read the full story|to read the full article|to read this article in full";

/// What those say who live by advertisements.
pub(super) const ADBLOCK: &str = "\
    disable your ad blocker|disable your adblocker|turn off your ad blocker|using an ad blocker|\
    using an adblocker|ad blocker detected|adblock detected|whitelist our site|whitelist this site|\
    deaktivieren sie ihren adblocker|adblocker deaktivieren|désactiver votre bloqueur|\
    désactivez votre bloqueur|desactiva tu bloqueador|desactive su bloqueador|bloqueador de anuncios|\
    disattiva il tuo adblock|关闭广告拦截|關閉廣告攔截|広告ブロック|отключите блокировщик";
