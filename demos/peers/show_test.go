package peers
import ("testing";"fmt";"os"
"edu/procession/demos/demo"
"edu/procession/demos/trace"
"edu/procession/demos/board"
"edu/procession/demos/stage/stagetest")
func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }
func TestShow(t *testing.T) {
 for i, p := range []demo.Pace{demo.Fast, demo.Fast, demo.Real} {
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: p, Seed: uint64(i)})
	stagetest.Until(t, run, "x", func(b *board.Board) bool { return len(b.Msgs)>60 })
	for _,pr:=range board.Of(run.Log().Events(0)).At(1<<30).Procs { b,_:=os.ReadFile(fmt.Sprintf("/proc/%d/wchan",pr.PID)); fmt.Println(pr.ID,string(b)) }
	got:=stagetest.End(t,run)
	sent:=map[string]bool{}; flips,n:=0,0
	for _, e := range got.Events {
		m,ok:=e.Data.(trace.Msg); if !ok {continue}
		n++
		if m.Is==trace.KindSend {sent[m.Msg]=true} else if !sent[m.Msg] {flips++}
	}
	open:=0
	for _,m:=range got.Board.Msgs { if m.Received==0&&!m.Dropped {open++} }
	fmt.Println(got.Board.At, n, "flips", flips, "open", open, len(got.Board.Msgs))
 }
}
