# Dates and times. $year, $time and $zone are texts; $month and $weekday count from 1, weekdays from Monday.

date-date =
    { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }
date-day =
    { $weekday ->
        [1] Monday
        [2] Tuesday
        [3] Wednesday
        [4] Thursday
        [5] Friday
        [6] Saturday
       *[7] Sunday
    }, { date-date }
date-hour = { $time } UTC
# $zone is empty for UTC itself, otherwise what is added to it, such as +08.
date-date-time = { date-date } { $time } UTC{ $zone }
