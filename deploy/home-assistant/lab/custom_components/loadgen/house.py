"""States as a house of 240 entities has them, the same ones for the same seed.

Most are readings of sensors whose attributes never change. Some domains change attributes with each state, as media players,
weather, trackers and thermostats do; those are what makes a recorder large.
"""
import random

KINDS = {
    # device class: unit, digits, step, whether it only rises
    "power": ("W", 1, 40.0, False),
    "temperature": ("°C", 1, 0.2, False),
    "humidity": ("%", 0, 1.0, False),
    "energy": ("kWh", 3, 0.004, True),
    "illuminance": ("lx", 0, 25.0, False),
    "voltage": ("V", 1, 0.6, False),
    "current": ("A", 2, 0.2, False),
    "signal_strength": ("dBm", 0, 2.0, False),
    "carbon_dioxide": ("ppm", 0, 12.0, False),
    "battery": ("%", 0, 1.0, False),
}
ROOMS = ["Kitchen", "Living room", "Bedroom", "Bathroom", "Office", "Hallway", "Attic", "Cellar", "Garage", "Garden"]
USERS = ["%032x" % (n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128) for n in (1, 2)]


def slug(name):
    return name.lower().replace(" ", "_")


class House:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.values = {}
        self.count = 0
        self.last_context = None

    def next(self):
        """(entity_id, state, attributes, what caused it)"""
        r = self.random
        self.count += 1
        kind = r.choices(
            ["sensor", "binary", "light", "climate", "media", "tracker", "weather", "switch", "automation"],
            [76, 9, 4, 3, 2, 2, 0.5, 2.5, 1],
        )[0]
        entity, state, attributes = getattr(self, kind)(r.choice(ROOMS))
        # A person or an automation is behind few of the changes: most come from devices by themselves.
        cause = {}
        if kind in ("light", "switch", "media") and r.random() < 0.5:
            cause = {"user_id": r.choice(USERS)} if r.random() < 0.4 else {"parent_id": self.last_context}
        if kind == "automation":
            self.last_context = "01J%023d" % r.randrange(10**22)
        return entity, state, attributes, cause

    def sensor(self, room):
        r = self.random
        device_class = r.choice(list(KINDS))
        number = r.randrange(2)
        unit, digits, step, rises = KINDS[device_class]
        name = "%s %s%s" % (room, device_class.replace("_", " "), " 2" if number else "")
        value = self.values.get(name, r.uniform(15, 60))
        value = value + r.uniform(0.2, 1) * step if rises else max(0.0, value + r.choice((-1, 1)) * r.uniform(0.5, 1) * step)
        self.values[name] = value
        attributes = {
            "state_class": "total_increasing" if rises else "measurement",
            "unit_of_measurement": unit,
            "device_class": device_class,
            "friendly_name": name,
        }
        return "sensor." + slug(name), "%.*f" % (digits, value), attributes

    def binary(self, room):
        device_class = self.random.choice(["motion", "door", "window", "occupancy"])
        name = "%s %s" % (room, device_class)
        self.values[name] = not self.values.get(name, False)
        state = "on" if self.values[name] else "off"
        return "binary_sensor." + slug(name), state, {"device_class": device_class, "friendly_name": name}

    def switch(self, room):
        name = "%s plug" % room
        self.values[name] = not self.values.get(name, False)
        return "switch." + slug(name), "on" if self.values[name] else "off", {"device_class": "outlet", "friendly_name": name}

    def light(self, room):
        r = self.random
        name = "%s ceiling" % room
        on = r.random() < 0.6
        hue, saturation = r.randrange(360), r.randrange(100)
        attributes = {
            "min_color_temp_kelvin": 2000, "max_color_temp_kelvin": 6535, "min_mireds": 153, "max_mireds": 500,
            "effect_list": ["blink", "breathe", "okay", "channel_change", "finish_effect", "stop_effect"],
            "supported_color_modes": ["color_temp", "xy"], "effect": None, "color_mode": "xy" if on else None,
            "brightness": r.randrange(1, 256) if on else None, "color_temp_kelvin": None, "color_temp": None,
            "hs_color": [hue, saturation] if on else None, "rgb_color": [hue % 256, saturation, 90] if on else None,
            "xy_color": [round(hue / 500, 3), round(saturation / 200, 3)] if on else None,
            "friendly_name": name, "supported_features": 44,
        }
        return "light." + slug(name), "on" if on else "off", attributes

    def climate(self, room):
        r = self.random
        name = "%s thermostat" % room
        attributes = {
            "hvac_modes": ["off", "heat", "auto"], "min_temp": 5, "max_temp": 30, "target_temp_step": 0.5,
            "preset_modes": ["none", "eco", "boost", "comfort"], "current_temperature": round(r.uniform(18, 23), 1),
            "temperature": r.choice((19, 20, 21.5)), "current_humidity": r.randrange(35, 65),
            "hvac_action": r.choice(("heating", "idle")), "preset_mode": "none", "friendly_name": name,
            "supported_features": 401,
        }
        return "climate." + slug(name), "heat", attributes

    def media(self, room):
        r = self.random
        name = "%s speaker" % room
        track = r.randrange(400)
        attributes = {
            "source_list": ["Line-in", "TV", "Radio", "Morning playlist", "Evening playlist"], "volume_level": r.randrange(20) / 20,
            "is_volume_muted": False, "media_content_id": "x-sonos-http:track%%3a%032x.mp3" % (track * 7919),
            "media_content_type": "music", "media_duration": 120 + track, "media_position": r.randrange(120),
            "media_position_updated_at": "2026-01-01T%02d:%02d:%02d.%06d+00:00"
            % (r.randrange(24), r.randrange(60), r.randrange(60), r.randrange(10**6)),
            "media_title": "Song %d" % track, "media_artist": "Artist %d" % (track % 40), "media_album_name": "Album %d" % (track % 60),
            "shuffle": False, "repeat": "off", "queue_position": track % 20, "queue_size": 20, "device_class": "speaker",
            "entity_picture": "/api/media_player_proxy/media_player.%s?token=%064x&cache=%016x" % (slug(name), 7, track),
            "friendly_name": name, "supported_features": 980543,
        }
        return "media_player." + slug(name), r.choice(("playing", "playing", "paused", "idle")), attributes

    def tracker(self, room):
        r = self.random
        name = "Phone of %s" % ("Anna" if room < "H" else "Bob")
        attributes = {
            "source_type": "gps", "battery_level": r.randrange(10, 100), "latitude": round(52.5 + r.random() / 10, 7),
            "longitude": round(13.4 + r.random() / 10, 7), "gps_accuracy": r.randrange(3, 60), "altitude": round(r.random() * 90, 3),
            "course": r.randrange(360), "speed": r.randrange(30), "vertical_accuracy": 3, "friendly_name": name,
        }
        return "device_tracker." + slug(name), r.choice(("home", "not_home")), attributes

    def weather(self, room):
        r = self.random
        attributes = {
            "temperature": round(r.uniform(-2, 28), 1), "dew_point": round(r.uniform(-5, 15), 1), "temperature_unit": "°C",
            "humidity": r.randrange(30, 100), "cloud_coverage": r.randrange(100), "uv_index": r.randrange(8),
            "pressure": round(r.uniform(990, 1030), 1), "pressure_unit": "hPa", "wind_bearing": round(r.random() * 360, 1),
            "wind_speed": round(r.uniform(0, 40), 1), "wind_speed_unit": "km/h", "visibility_unit": "km", "precipitation_unit": "mm",
            "attribution": "Weather forecast from met.no, delivered by the Norwegian Meteorological Institute.",
            "friendly_name": "Forecast Home", "supported_features": 3,
        }
        return "weather.forecast_home", r.choice(("sunny", "cloudy", "rainy", "partlycloudy")), attributes

    def automation(self, room):
        r = self.random
        name = "%s light by motion" % room
        attributes = {
            "id": "17%011d" % sum(map(ord, name)), "mode": "single", "current": 0, "friendly_name": name,
            "last_triggered": "2026-01-01T%02d:%02d:%02d.%06d+00:00"
            % (r.randrange(24), r.randrange(60), r.randrange(60), r.randrange(10**6)),
        }
        return "automation." + slug(name), "on", attributes
