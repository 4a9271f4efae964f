# Dates and times. $year, $time and $zone are texts; $month and $weekday count from 1, weekdays from Monday.

date-date = { $year }年{ $month }月{ $day }日
date-day =
    { date-date }{ $weekday ->
        [1] 星期一
        [2] 星期二
        [3] 星期三
        [4] 星期四
        [5] 星期五
        [6] 星期六
       *[7] 星期日
    }
date-hour = { $time } UTC
# $zone is empty for UTC itself, otherwise what is added to it, such as +08.
date-date-time = { date-date } { $time } UTC{ $zone }
