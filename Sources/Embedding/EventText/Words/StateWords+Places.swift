extension StateWords {
    /// Who is where, what the sky does.
    static let placeTable = """
        [person, device_tracker]
        home | active | came home, arrived at the house | is at home
        not_home | rest | left, went away from home | is away from home | away
        [calendar]
        on | active | began an event, appointment | has an event now
        off | rest | ended its event, appointment over | has no event now
        [schedule]
        on | active | began its period, turned on | is on
        off | rest | ended its period, turned off | is off
        [sun]
        above_horizon | active | rose, sunrise, it becomes light, day begins | is up, day
        below_horizon | rest | set, sunset, it becomes dark, night begins | is down, night
        [plant]
        ok | rest | is fine again | is fine
        problem | active | has a problem, needs care | has a problem, needs care
        """

    static let weatherTable = """
        [weather]
        clear-night | neutral | became clear, a clear night | is clear at night
        cloudy | neutral | became cloudy, overcast | is cloudy
        exceptional | active | became exceptional, severe weather | is exceptional
        fog | neutral | became foggy, misty | is foggy
        hail | active | changed to hail | is hail
        lightning | active | changed to a thunderstorm, lightning | is a thunderstorm
        lightning-rainy | active | changed to a thunderstorm with rain, lightning | is a thunderstorm with rain
        partlycloudy | neutral | became partly cloudy | is partly cloudy
        pouring | active | changed to pouring, heavy rain | is pouring rain
        rainy | active | became rainy, it started raining | is rainy
        snowy | active | became snowy, it started snowing | is snowy
        snowy-rainy | active | changed to sleet, snow and rain | is sleet
        sunny | neutral | became sunny, clear sky | is sunny
        windy | active | became windy | is windy
        windy-variant | active | became windy and cloudy | is windy and cloudy
        """
}
