extension LexiconData {
    /// What happens to things, and how they are.
    static let happenings = """
        on: on, turn on, switch on, come on, go on, put on, light up, lit, lit up, power on, powered on, power up, flip on
        on: flick on, flicked on, activate, enable, switched it on, fire up, fired up, glow, glowing, shining, illuminate
        on: light came on, light on, lights on, turning on, is on, was on, put the light on, light up, start up, started up
        on: turned the light on, turn the light on, switch the light on, switched the light on, left on, still on, ignite
        off: off, turn off, switch off, go off, put out, power off, powered off, shut off, flick off, extinguish, blow out
        off: deactivate, disable, go out, went dark, light off, lights off, power down, powered down, shut down, shutdown
        off: turned the light off, turn the light off, switch the light off, switched the light off, put the light out, douse
        off: turned it off, unplugged, dark again, lights out, cut the power, snuffed
        open: open, opened up, ajar, unlatch, slid open, drawn back, draw back, unsealed, wide open, open up, agape, unshut
        open: pull up, pulled up, raise, raised, roll up, rolled up, went up, drive up, lift, not closed, not shut, slide open
        open: retracted, was not closed, pull open, pushed open, swung open, unclosed
        close: close, closed, shut, slam, slammed, pull down, lower, lowered, roll down, rolled down, went down, drawn shut
        close: drew the curtains, draw the curtains, drawn the curtains, pull shut, fall shut, sealed, drawn, shutting
        close: pulled shut, let down, swung shut, extended
        left open: left open, stood open, stand open, stayed open, remained open, forgot to close, forgotten to close, ajar
        left open: not closed, not shut, open for a long time, open too long, open for hours, open all day, open for ages, gaping
        left open: after being left open, never closed, never shut, was not closed, open all night, standing open, kept open
        left open: forgot to shut, is still open, still open, wide open, open for too long, open the whole day, propped open
        left on: left on, stayed on, remained on, on for hours, forgot to turn off, forgot to switch off, on all day
        left on: on all night, after being left on, still on, never turned off, left running, on too long, on for a long time
        left on: burning all night, running for hours, on the whole night, kept on, on for ages, not turned off, not switched off
        long: long, long time, hours, for hours, ages, for ages, whole day, all day, forever, too long, extended period, endless
        long: all night, hour, whole night, half an hour, an hour, for a while, prolonged, half hour
        lock: lock, locked, secured, secure, deadlocked, lock up, locked up, bolted, bolt shut, latched, locking
        unlock: unlock, unlocked, unbolt, unbolted, unsecured, unlatched, unlocking, not locked
        jammed: jam, jammed, stuck, blocked, wedged, obstructed, does not move, seized, trapped, stall, stalled, clogged, snag
        jammed: got stuck, cannot move, entangled, tangled, hung up, caught, jamming
        start: start, started, begin, began, launch, commence, kick off, set off, initiated, resume, resumed, under way, onset
        start: running, run, in progress, run program, started running, operating
        stop: stop, stopped, end, halt, cease, finish, finished, complete, completed, done, ended, over, quit, cancel, cancelled
        stop: ran out, run out, expire, expired, is done, elapsed, time is up, time's up, conclude, terminated, idle, no longer
        finish: finish, finished, complete, completed, done, ran out, run out, expire, expired, elapsed, ready, concluded
        running: running, run, in operation, operating, working, at work on, active, in progress, busy, in use
        idle: idle, standby, stand by, resting, inactive, not in use, unused, ready, waiting
        pause: pause, paused, hold, on hold, interrupted, break, halted, suspended
        play: play, playing, played, started playing, listen, listening, watch, watching, stream, streaming, playback, on air
        detected: detected, detect, noticed, sensed, spotted, recognised, recognized, seen, picked up, discovered, found
        detected: was triggered, register, observed
        clear: clear, cleared, no longer detected, not detected, gone again, back to normal, all clear, ok again, safe again
        clear: nobody, no one, normal again, everything fine, okay again, solved, resolved, no motion, no movement, dry again
        arrive: arrive, arrived, came home, come home, got home, get home, home again, reach, reached, return, returned, came back
        arrive: come back, got back, back home, enter, entered, came in, come in, got in, is home, at home, be home, is here
        arrive: is back, entering, returning, getting home, homecoming, got to, turn up, turned up, showed up, is at, now at
        arrive: returned home, walked in, set foot
        leave: leave, left the house, left home, went out, go out, depart, departed, go away, went away, gone, away, not home
        leave: went to, headed out, drove off, drive off, set out, exit, exited, walked out, going out, out of the house, set off for
        leave: is out, left for, absent, nobody home, nobody is home, nobody at home, no one home, drove away, drive away
        leave: house is empty, empty house, everyone left, everybody left, left the building, took off, not at home, gone out
        leave: is away, stepped out
        home: home, at home, came home, got home, house, back home, is home, come home
        away: away, not home, gone, absent, out of the house, nobody home, nobody is home, abroad, not at home, elsewhere
        away: out of town, nobody at home
        arm: armed, arm, set the alarm, alarm set, armed away, armed home, activate the alarm, alarm activated, alarm on
        arm: armed for the night, arming, turned the alarm on, switched the alarm on, alarm was set, protection on
        disarm: disarmed, disarm, deactivated, alarm off, unset the alarm, turned the alarm off, switched the alarm off, unarmed
        disarm: alarm deactivated, deactivate the alarm, disarming, unset, alarm switched off, alarm turned off
        triggered: triggered, went off, set off, go off, tripped, fired, ran, sounding, was triggered, alarm went off, activated
        triggered: executed, execute, ran automatically, kicked in
        activated: activate, activated, enable, enabled, turned on, switched on, set, put into, engaged, applied, chosen
        disabled: deactivated, disabled, turned off, disengaged, dismissed, deactivate, disable
        pressed: press, pressed, push, pushed, tap, tapped, click, clicked, hit, held down, double click, long press, rang, ring
        pressed: rung, ringing, rings, short release, initial press, hold, button press
        ring: ring, rang, ringing, rung, rings, bell, chime, chimed, at the door
        scanned: scanned, scan, tapped, swiped, touched, read, held against
        unavailable: unavailable, offline, lost connection, unreachable, disconnected, not reachable, not available, dead, lost
        unavailable: no connection, not responding, unresponsive, stopped responding, out of reach, dropped out, down, drop out
        unavailable: connection lost, went offline, gone offline, no signal, lost contact, cut off, outage
        unavailable: is down, went down, disappeared, does not respond, no longer reachable, not working, stopped working
        unavailable: does not work, vanished, no response, dead sensor, out of order
        available: available, online, back online, reconnected, reachable again, connected, available again, works again
        available: came back online, connection restored, responding again, working again, reconnect, restored, is back up
        disconnected: disconnected, disconnect, connection lost, lost connection, no connection, cut off, unplugged, dropped, down
        disconnected: lost, offline, outage, no internet, went offline, signal lost, is down
        connected: connected, connect, reconnected, online, connection established, paired, linked, plugged in, plug in
        problem: problem, error, fault, malfunction, failure, trouble, defect, broken, issue, failed, faulty, fail, out of order
        problem: not working, went wrong, breakdown, broke down, defective, fault code, acting up, wrong
        ok: ok, normal, fine, good, in order, okay, all right, healthy, no problem
        tamper: tamper, tampered, tampering, manipulated, sabotage, meddled
        restart: restart, restarted, reboot, rebooted, reset, started up, booted, boot, start up, power cycled, came back up, reload
        rise: rise, rose, increase, increased, went up, climb, climbed, go up, higher, rising, up, more, grow, jumped, surge, spike
        rise: warmer, getting warmer, got warmer, getting hotter, louder, brighter, getting higher, shot up, soared, went over
        fall: fall, fell, drop, dropped, decrease, decreased, went down, sank, sink, lower, lowered, decline, falling, down, less
        fall: got colder, getting colder, cooler, quieter, darker, got cold, getting cold, dip, dipped, reduced, plunged, shrink
        stayed: stayed, remained, unchanged, steady, constant, stable, same
        changed: changed, change, altered, adjusted, modified, set to, switched to, adjust, became, varied, different
        dim: dim, dimmed, brightness changed, brightness, brighter, darker, turned down, dimming, brightened, faded, less bright
        dim: soft light, subdued, low light
        colour: colour, color, hue, coloured, colored, color temperature, rgb, warm white, red, blue, green, purple, tint
        hot: hot, very warm, boiling, scorching, overheating, heat wave, too warm, overheated, sweltering, heat, roasting, baking
        hot: too hot, very hot, burning hot, warm, heats up, heated up, sweaty
        warm: warm, comfortable, mild, cosy, cozy, pleasant, room temperature, toasty, lukewarm, tepid
        cold: cold, chilly, cool, freezing, frosty, icy, too cold, fresh, cooler, frigid, nippy, got cold, shivering, wintry
        cold: near freezing, very cold, low temperature, bitter, arctic, parky
        frost: frost, freezing, below freezing, below zero, icy, ice, near freezing, minus degrees, subzero, sub zero, freeze
        frost: frozen, frosty, black ice
        wet: wet, damp, soaked, moist, drenched, humid, soggy, muddy, moisture, waterlogged
        humid: humid, very humid, moist, damp, steamy, steam, muggy, high humidity, condensation, clammy, sticky air, fogged
        dry: dry, drying out, dried out, parched, arid, thirsty, needs water, needs watering, low moisture, dried up, dehydrated
        dry: dry air, wilting, wither, withered
        bright: bright, daylight, sunny, light, brightness, dazzling, sunlit
        dark: dark, darkness, dim, gloomy, pitch black, no light, got dark, blackness, pitch dark
        loud: loud, noisy, noise, racket, din, bang, thud
        quiet: quiet, silent, silence, calm, hush, still, peaceful
        high: high, too high, very high, elevated, excessive, a lot, lots of, heavy, much, strong, peak, extreme, big, heavy use
        high: exceeded, above normal, a lot of, huge, massive, large
        low: low, too low, little, weak, poor, minimal, small, almost empty, nearly empty, below normal, reduced, running out, slow
        medium: medium, moderate, normal, average, middling
        expensive: expensive, high price, costly, dear, pricey, high tariff, peak price, pricy
        cheap: cheap, low price, inexpensive, low cost, low tariff, bargain, off peak, low rate, very cheap, affordable
        battery low: battery low, low battery, battery empty, nearly empty, almost empty, replace battery, replace the battery
        battery low: battery almost empty, running out, running low, flat battery, change the battery, needs charging, battery weak
        battery low: weak battery, battery is low, needs a charge, low on battery, battery flat, dead battery, replace batteries
        battery low: needs charging soon, change batteries, new batteries, needs replacing, drained, run flat, flat, battery dying
        empty: empty, used up, out of, depleted, nothing left, run dry, refill, exhausted
        full: full, filled, fully charged, battery full, to the brim, hundred percent, charged up, complete charge
        stale: stale air, stuffy, bad air, used air, poor air quality, bad air quality, needs airing, needs ventilation, foul air
        stale: air it out, polluted, high stale air, thick air
        fresh: fresh air, good air quality, clean air
        high consumption: high power, very high power, high consumption, drawing a lot, consuming a lot, power hungry, heavy load
        high consumption: using a lot, high power consumption, lots of power, lots of electricity, a lot of power
        high consumption: a lot of electricity, peak load, high load, power peak
        produced: produce, producing, generating, generated, generation, production, yield, output, feeding, harvest, harvesting
        water given: watering, watered, irrigation, sprinkler, sprinklers, waters, irrigate
        collected: collection, collected, pick up, taken away, put out the bins, put the bins out, take out, put out the trash
        got up: got up, get up, got out of bed, out of bed, left the bed, awake, woke up
        lay down: got into bed, went to bed, in bed, lay down, go to bed, getting into bed, climbed into bed, turned in, to bed
        sat down: sat down, sit down, sit, sitting, took a seat, seated
        installed: installed, install, updated, upgrade, upgraded, updating
        sent: sent, send, delivered, transmitted, message, forwarded
        emergency: emergency, danger, dangerous, panic, sos, help, evacuate
        docked: docked, docking, dock, base station, charging station, returned to the dock, returning to dock, back at the base
        returning: returning, heading back, on its way back, driving back
        wet weather: rain, raining, rainy, pouring, drizzle, shower, precipitation, wet outside, sleet, downpour
        bad weather: storm, thunderstorm, gale, hail, pouring, lightning, lightning rainy, exceptional, windy
        night: night, nighttime, overnight, midnight, after dark
        nothing: light level, in the light of, on monday, on tuesday, on wednesday, on thursday, on friday, on saturday
        nothing: on sunday, on the, on a, on an, on my, on our, off the, at home assistant, light rain, in front of, on top of
        nothing: turn out, find out, look for, looking for, in the middle of, kind of, right now, at the same time, a bit, a little
        nothing: on weekends, on weekdays, on workdays, on time
        """

    /// Words that say nothing about what happened.
    static let stopWords = """
        a about after again all also am an and any are as at be because been before being both but by can could did do does
        doing during each either for from had has have having he her here hers him his how i if in into is it its itself just
        let ll may me might more most my need nor not of or other our ours please s she should show so some someone somebody
        something such t tell than that the their them then there these they this those through to too us was we were what when
        where which while who whom why will with would you your yours list find give every ever get got make put has it's
        anything everything thing things time times moment moments event events happen happened happening occur occurred
        today yesterday tonight was were been very really quite
        """
}
