package progress

import "time"

// Intervals are the days after which a question comes back: so many after it was
// predicted, then after each review that it was answered rightly in. A wrong
// answer goes back to the first. After the last it is known.
var Intervals = []int{1, 3, 7, 21}

// Day is a day of the learner's calendar, counted from 1970-01-01.
type Day int

// DayOf returns the day that t is on where t's clock hangs.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// Time returns noon of the day, in UTC: for its date and its day of the week.
func (d Day) Time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC().Add(12 * time.Hour) }

// Review is where a question stands in the schedule. The zero Review is that of a
// question that was never predicted: it does not come back.
type Review struct {
	Predicted bool
	Last      Day // when it was answered last
	Step      int // which of Intervals runs; their number when the question is known
	Asked     int // reviews that it was in
}

// Review tells where a question stands, in days as they were in the place loc. It
// follows from the answers, so it needs no record of its own, and what an older
// program kept counts as well.
func (l Lesson) Review(question string, loc *time.Location) Review {
	var r Review
	for _, p := range l.Predictions {
		if p.Question != question {
			continue
		}
		switch {
		case !p.Review:
			if r.Asked > 0 {
				continue // somebody leafs through the lesson again
			}
		case p.Right:
			r.Step, r.Asked = min(r.Step+1, len(Intervals)), r.Asked+1
		default:
			r.Step, r.Asked = 0, r.Asked+1
		}
		r.Predicted, r.Last = true, DayOf(p.When.In(loc))
	}
	return r
}

// Known says that the question does not come back.
func (r Review) Known() bool { return !r.Predicted || r.Step >= len(Intervals) }

// Due returns the day on which the question comes back, as it looks on today. An
// answer from later than tomorrow was given by a clock that has gone back since:
// its question comes now and not when that day comes round again.
func (r Review) Due(today Day) (Day, bool) {
	switch {
	case r.Known():
		return 0, false
	case r.Last > today+1:
		return today, true
	}
	return r.Last + Day(Intervals[r.Step]), true
}
