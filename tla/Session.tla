------------------------------ MODULE Session ------------------------------
(***************************************************************************)
(* Two devices, `a` and `b`, and every conversation that they can have:    *)
(* spec/sessions.md (paying, cancel, old copies, steps and effects), with  *)
(* R-37, R-39, R-40 and R-41 of spec/accept.md, and ADR 0022.              *)
(*                                                                         *)
(* Each device has a disk, and books, which are the disk with what is      *)
(* staged in the turn at hand. What a turn says is held back until the     *)
(* books are on the disk. Sessions are lost in a crash. Conversations are  *)
(* used again and again, so there is no end to how often the two meet.     *)
(*                                                                         *)
(* The adversary: it ends any side of any conversation at any moment, and  *)
(* crashes devices between any two steps; without a channel (Channel =     *)
(* FALSE) it also says anything that is not signed, and loses, doubles,    *)
(* delays and reorders all Asks and all that is signed, across             *)
(* conversations, for ever. Persons cancel. Restorers put back an old copy *)
(* of their disk. Liars say in Hello what they like.                       *)
(*                                                                         *)
(* Left out: news of third devices, lineages, plans and amounts (each      *)
(* payment moves one unit), and classes: the modules Spend and Slots. What *)
(* an entry hashes to is what it says; `copy` tells apart what is signed   *)
(* again from an old copy.                                                 *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
  Conversations,   \* at once
  Callers,         \* who calls
  Payers,          \* who may pay when it calls
  Syncs,           \* whether one may call only to deliver
  HeldA, HeldB,    \* units at the start
  Elsewheres,      \* how often a device may pay without a conversation
  Apart,           \* whom it pays then: the peer ("pay"), somebody else ("other")
  MostEntries,     \* of one log
  Channel,         \* whether what arrives is what was said, in order, once
  Faults,          \* how many ends and crashes; Forever: any number
  Cancels,         \* whether persons cancel
  Restorers,       \* who puts back an old copy, once
  Liars,           \* who says anything in Hello
  Off              \* guards that are switched off

VARIABLES disk, books, held, net, sess, saved, copy, faults, elsewheres

vars == <<disk, books, held, net, sess, saved, copy, faults, elsewheres>>

Device == {"a", "b"}
Peer(d) == IF d = "a" THEN "b" ELSE "a"
Forever == 99
On(guard) == ~(guard \in Off)

Range(q) == {q[i] : i \in DOMAIN q}
Most(m, n) == IF m >= n THEN m ELSE n
IsPrefix(p, q) == Len(p) <= Len(q) /\ \A i \in DOMAIN p : p[i] = q[i]

(******************************** the books ********************************)

\* An entry: a payment to the peer, an acknowledgement (or any entry without
\* value), or something that is between this device and others.
Entry == [kind : {"pay", "ack", "other"}, floor : Nat, mark : Nat, stitch : Nat, copy : Nat]

Units(d) == IF d = "a" THEN HeldA ELSE HeldB
Count(log, kinds) == Cardinality({i \in DOMAIN log : log[i].kind \in kinds})
\* What a device can spend.
Holds(d) == Units(d) + books[d].got - Count(books[d].log, {"pay", "other"})
\* The first own entry for the peer after an index; 0 if there is none.
NextTo(log, after) ==
  LET due == {i \in DOMAIN log : i > after /\ log[i].kind # "other"}
  IN IF due = {} THEN 0 ELSE CHOOSE i \in due : \A j \in due : i <= j
\* Up to where what is known of the peer acknowledges the own log.
Stitch(known) ==
  LET all == {known[i].stitch : i \in DOMAIN known} \cup {0}
  IN CHOOSE s \in all : \A r \in all : s >= r
\* Which history the log follows at an index.
Mark(log, at) == IF at = 0 THEN 0 ELSE log[at].copy

Blank == [log |-> <<>>, known |-> <<>>, got |-> 0, old |-> FALSE, forked |-> FALSE]

(******************************** sessions *********************************)

\* What a session is doing with an own entry. Below, `in` is the index of the peer's
\* entry that it wants, `bid` whether that was offered only; `awaits` the last own
\* payment that was sent here and is not acknowledged here, `acked` up to where the
\* peer acknowledged, before this session or here, if that still matters; `came` the
\* last payment that came here, `answered` up to where it was acknowledged here.
Idle == [is |-> "idle", at |-> 0, stitch |-> 0]
Gone == [live |-> FALSE, calls |-> FALSE, wish |-> FALSE, met |-> FALSE, asked |-> FALSE,
         floor |-> 0, mark |-> 0, sent |-> 0, out |-> Idle, in |-> 0, bid |-> FALSE,
         awaits |-> 0, acked |-> 0, came |-> 0, answered |-> 0, doubts |-> FALSE, waits |-> FALSE, due |-> TRUE, bound |-> FALSE, shown |-> FALSE, done |-> FALSE, over |-> FALSE]
Fresh(calls, wish) == [Gone EXCEPT !.live = TRUE, !.calls = calls, !.wish = wish]
\* What it acknowledged of what was sent before matters no more.
Trim(s) ==
  IF s.acked > s.sent \/ (s.acked = s.sent /\ s.out.is = "resumed") THEN s
  ELSE [s EXCEPT !.acked = 0]
\* Without a channel nobody says Done, for which alone these are kept.
Comes(s, at) == IF Channel THEN [s EXCEPT !.came = Most(@, at)] ELSE s
Replies(s, stitch) == IF Channel THEN [s EXCEPT !.answered = Most(@, stitch)] ELSE s
Acknowledged(s, stitch) ==
  Trim([s EXCEPT !.acked = Most(@, stitch), !.awaits = IF stitch >= @ THEN 0 ELSE @])

Word(is) == [is |-> is]
\* What is wanted of a plan: nothing, if the entry is known.
Want(none) == [is |-> "Want", none |-> none]
Hello(accepted) == [is |-> "Hello", accepted |-> accepted]

(* Without a channel everything that needs no secret can be said by anybody, so the net keeps the rest only. *)
Keep(ms) == {m \in Range(ms) : m.is \in {"Ask", "Pay", "Receipt", "Shown"}}
Anything ==
  {Want(FALSE), Want(TRUE), Word("Doubt")} \cup [is : {"Offer", "Resume"}, at : 1..MostEntries]
    \cup {Hello(n) : n \in 0..(MostEntries + 1)}

Say(c, d, ms) == net' = [net EXCEPT ![c][d] = IF Channel THEN @ \o ms ELSE @ \cup Keep(ms)]

\* What a step says leaves at once if nothing is staged, or else with the turn.
SayFrom(c, d, ms, staged, guard) ==
  IF staged /\ On(guard)
  THEN /\ held' = [held EXCEPT ![d] = @ \o [i \in DOMAIN ms |-> <<c, ms[i]>>]]
       /\ UNCHANGED net
  ELSE Say(c, d, ms) /\ UNCHANGED held

Staged(d) == books[d] # disk[d]
\* Says something in a step that writes nothing.
Tell(c, d, ms) == SayFrom(c, d, ms, Staged(d), "persist_receipt") /\ UNCHANGED <<disk, books>>

World == <<saved, copy, faults, elsewheres>>
Become(c, d, s) == sess' = [sess EXCEPT ![d][c] = s]

\* What a session says without being asked, it says in the step that gives rise to it, before it hears
\* anything else. What another session wrote meanwhile, it may say later. After Done it says only what
\* answers the peer.
CanDeliver(c, d) ==
  LET s == sess[d][c]
      at == NextTo(books[d].log, s.sent)
  IN /\ ~(s.done /\ s.over) /\ (s.done => s.came > s.answered) /\ s.out.is = "idle" /\ at > 0
     /\ On("ahead") \/ (books[d].log[at].kind = "pay" => s.awaits = 0)
\* Nothing is left of what was sent and of what is to be sent.
Rests(c, d) ==
  LET s == sess[d][c]
  IN s.out.is = "idle" /\ s.awaits = 0 /\ NextTo(books[d].log, s.sent) = 0
CanOffer(c, d) == sess[d][c].wish /\ sess[d][c].asked /\ Rests(c, d)
CanFinish(c, d) ==
  LET s == sess[d][c]
  IN Channel /\ ~s.done /\ ~s.wish /\ s.in = 0 /\ (s.calls \/ s.over) /\ Rests(c, d)

(* What can arrive, and what is left of it when it has. *)
Arrivals(c, d) ==
  LET from == net[c][Peer(d)]
      real == IF ~Channel THEN from \cup Anything
              ELSE IF On("order") THEN {from[i] : i \in DOMAIN from \cap {1}}
              ELSE Range(from)
      forged == IF On("channel") THEN {} ELSE {[is |-> "Ask", floor |-> MostEntries, mark |-> 7]}
  IN real \cup forged
Without(q, m) ==
  IF m \notin Range(q) THEN q
  ELSE LET at == CHOOSE i \in DOMAIN q : q[i] = m /\ \A j \in 1..(i - 1) : q[j] # m
       IN SubSeq(q, 1, at - 1) \o SubSeq(q, at + 1, Len(q))
\* As Say, after a message was heard.
Answer(c, d, m, ms) ==
  net' = IF Channel
         THEN [net EXCEPT ![c][Peer(d)] = Without(@, m), ![c][d] = @ \o ms]
         ELSE [net EXCEPT ![c][d] = @ \cup Keep(ms)]
Reply(c, d, m, ms, staged, guard) ==
  IF staged /\ On(guard)
  THEN /\ held' = [held EXCEPT ![d] = @ \o [i \in DOMAIN ms |-> <<c, ms[i]>>]]
       /\ Answer(c, d, m, <<>>)
  ELSE Answer(c, d, m, ms) /\ UNCHANGED held
\* Hears m, says ms, writes nothing.
Hear(c, d, m, s, ms) ==
  /\ Become(c, d, [s EXCEPT !.due = TRUE])
  /\ Reply(c, d, m, ms, Staged(d), "persist_receipt")
  /\ UNCHANGED <<disk, books, World>>
\* Hears m and stages b; what it says waits for the disk.
Write(c, d, m, s, b, ms, guard) ==
  /\ sess' = [sess EXCEPT ![d] = [x \in Conversations |->
               IF x = c THEN [s EXCEPT !.waits = s.live, !.due = TRUE]
               ELSE [sess[d][x] EXCEPT !.due = @ /\ (CanDeliver(x, d) \/ CanOffer(x, d))]]]
  /\ books' = [books EXCEPT ![d] = b]
  /\ Reply(c, d, m, ms, TRUE, guard)
  /\ UNCHANGED <<disk, World>>

Hellos(d) ==
  IF d \in Liars THEN {Hello(n) : n \in 0..(MostEntries + 1)} ELSE {Hello(Len(books[d].known))}

(* A session goes on only if nothing came to light that speaks against it. *)
Stands(d) ==
  /\ On("old_copy") => ~books[d].old
  /\ ~books[d].forked
Open(c, d) == sess[d][c].live /\ sess[d][c].met /\ ~sess[d][c].doubts /\ Stands(d)

\* After it wrote, it waits for the disk.
Ready(c, d) == ~sess[d][c].waits \/ ~On("persist_receipt")
Speaks(c, d) == Open(c, d) /\ Ready(c, d)
Listens(c, d) ==
  /\ sess[d][c].live /\ Ready(c, d)
  /\ (sess[d][c].due /\ Open(c, d)) => ~CanDeliver(c, d) /\ ~CanOffer(c, d)
Attends(c, d) == Listens(c, d) /\ Open(c, d)

(******************************** meeting **********************************)

Dial(c, d) ==
  /\ d \in Callers /\ \A x \in Device : ~sess[x][c].live /\ ~Staged(x)
  /\ \E wish \in IF d \notin Payers \/ Holds(d) = 0 THEN {FALSE}
                 ELSE IF Syncs THEN BOOLEAN ELSE {TRUE} :
     \E hello \in Hellos(d) :
       /\ sess' = [sess EXCEPT ![d][c] = Fresh(TRUE, wish), ![Peer(d)][c] = Fresh(FALSE, FALSE)]
       /\ net' = IF Channel THEN [net EXCEPT ![c] = [x \in Device |-> IF x = d THEN <<hello>> ELSE <<>>]]
                 ELSE net
  /\ UNCHANGED <<disk, books, held, World>>

HearHello(c, d) ==
  /\ Listens(c, d) /\ ~sess[d][c].met
  /\ \E m \in Arrivals(c, d) :
    LET s == sess[d][c]
        doubts == On("doubt") /\ m.accepted > Len(books[d].log)
        ask == [is |-> "Ask", floor |-> Len(books[d].log),
                mark |-> Mark(books[d].log, Len(books[d].log))]
        next == Trim([s EXCEPT !.met = TRUE, !.doubts = doubts, !.acked = Stitch(books[d].known),
                             !.sent = IF On("redeliver") THEN m.accepted ELSE Len(books[d].log)])
        after == IF doubts THEN <<Word("Doubt")>> ELSE IF s.calls THEN <<>> ELSE <<ask>>
    IN /\ m.is = "Hello"
       /\ IF Stands(d)
          THEN \E hello \in Hellos(d) :
                 Hear(c, d, m, next, (IF s.calls THEN <<>> ELSE <<hello>>) \o after)
          ELSE Hear(c, d, m, Gone, <<>>)

HearAsk(c, d) ==
  /\ Attends(c, d)
  /\ \E m \in Arrivals(c, d) :
    /\ m.is = "Ask" /\ sess[d][c].calls
    /\ IF sess[d][c].asked THEN Hear(c, d, m, sess[d][c], <<>>)
       ELSE Hear(c, d, m, [sess[d][c] EXCEPT !.asked = TRUE, !.floor = m.floor, !.mark = m.mark], <<>>)

(******************************** paying ***********************************)

\* Own entries that the peer has not accepted go first, in order.
Deliver(c, d) ==
  LET s == sess[d][c]
      at == NextTo(books[d].log, s.sent)
      value == books[d].log[at].kind = "pay"
      run == SubSeq(books[d].log, 1, at)
  IN /\ Speaks(c, d) /\ CanDeliver(c, d)
     /\ IF value
        THEN /\ Become(c, d, [s EXCEPT !.sent = at, !.out = [Idle EXCEPT !.is = "resumed", !.at = at]])
             /\ Tell(c, d, <<[is |-> "Resume", at |-> at]>>)
        ELSE /\ Become(c, d, Trim(Replies([s EXCEPT !.sent = at], books[d].log[at].stitch)))
             /\ Tell(c, d, <<[is |-> "Receipt", run |-> run]>>)
     /\ UNCHANGED World

\* The entry is made in memory and binds nobody.
Offer(c, d) ==
  LET s == sess[d][c]
      at == Len(books[d].log) + 1
  IN /\ Speaks(c, d) /\ CanOffer(c, d)
     /\ Holds(d) > 0 /\ at <= MostEntries
     /\ Become(c, d, [s EXCEPT !.wish = FALSE,
                      !.out = [is |-> "offered", at |-> at, stitch |-> Len(books[d].known)]])
     /\ Tell(c, d, <<[is |-> "Offer", at |-> at]>>)
     /\ UNCHANGED World

\* There is too little left.
Short(c, d) ==
  /\ Speaks(c, d) /\ CanOffer(c, d)
  /\ Holds(d) = 0 \/ Len(books[d].log) = MostEntries
  /\ Become(c, d, Gone)
  /\ Tell(c, d, <<Word("Cancel")>>)
  /\ UNCHANGED World

\* Of an entry that was accepted in another session nothing is wanted. What was only offered may be
\* replaced; what the peer is bound by, not.
HearOffer(c, d) ==
  /\ Attends(c, d)
  /\ \E m \in Arrivals(c, d) :
    LET s == sess[d][c]
        known == /\ m.is = "Resume" /\ m.at <= Len(books[d].known)
                 /\ books[d].known[m.at].kind # "other"
    IN /\ m.is \in {"Offer", "Resume"} /\ (m.is = "Offer" => ~s.calls)
       /\ CASE s.in > 0 /\ ~s.bid -> Hear(c, d, m, Gone, <<>>)
            [] (s.in = 0 \/ s.bid) /\ known ->
                 Hear(c, d, m, Comes([s EXCEPT !.in = 0, !.bid = FALSE], m.at), <<Want(TRUE)>>)
            [] OTHER -> Hear(c, d, m, [s EXCEPT !.in = m.at, !.bid = m.is = "Offer"], <<Want(FALSE)>>)

\* Now the payer is bound; if its log moved on, it offers anew. Who wants nothing of an entry has it, and
\* acknowledges it here, or did so before.
HearWant(c, d) ==
  /\ Attends(c, d)
  /\ \E m \in Arrivals(c, d) :
    LET s == sess[d][c]
        at == s.out.at
        current == at = Len(books[d].log) + 1 /\ Holds(d) > 0
        entry == [kind |-> "pay", floor |-> s.floor, mark |-> s.mark, stitch |-> s.out.stitch,
                  copy |-> copy[d]]
        log == Append(SubSeq(books[d].log, 1, at - 1), entry)
        next == [s EXCEPT !.sent = at, !.out = Idle, !.bound = s.bound \/ s.out.is = "offered",
                          !.awaits = IF s.acked >= at THEN @ ELSE Most(@, at)]
        stitch == IF s.out.is = "offered" THEN s.out.stitch ELSE books[d].log[at].stitch
        sent == Trim(Replies(next, stitch))
    IN /\ m.is = "Want"
       /\ CASE s.out.is = "resumed" /\ m.none -> Hear(c, d, m, Trim(next), <<>>)
            [] s.out.is = "resumed" /\ ~m.none ->
                 Hear(c, d, m, sent, <<[is |-> "Pay", run |-> SubSeq(books[d].log, 1, at)]>>)
            [] s.out.is = "offered" /\ ~m.none /\ (current \/ ~On("current")) ->
                 Write(c, d, m, sent, [books[d] EXCEPT !.log = log],
                       <<[is |-> "Pay", run |-> log]>>, "persist_pay")
            [] s.out.is = "offered" /\ ~m.none /\ On("current") /\ ~current ->
                 Hear(c, d, m, [s EXCEPT !.wish = TRUE, !.out = Idle], <<>>)
            [] OTHER -> FALSE

(* How a run of the peer's log stands to what is known of it. *)
Forks(d, run) == ~IsPrefix(books[d].known, run) /\ ~IsPrefix(run, books[d].known)
\* R-37: it goes on from what is known; R-39: nothing for this device lies between.
Follows(d, run) ==
  LET known == books[d].known
      next == NextTo(run, Len(known))
  IN /\ IsPrefix(known, run) \/ (~On("tip") /\ IsPrefix(run, known)) \/ (~On("extends") /\ Forks(d, run))
     /\ (On("in_turn") /\ Len(run) > Len(known)) => next = Len(run)
     /\ On("tip") => Len(run) > Len(known) \/ ~On("extends")
\* R-41: the entry answers an Ask of this device.
Answers(d, entry) ==
  ~On("nonce") \/ /\ entry.floor <= Len(books[d].log)
                  /\ entry.mark = Mark(books[d].log, entry.floor)
\* R-40: a place of the own log, not before the last one.
Stitched(d, run) ==
  LET before == {run[i].stitch : i \in DOMAIN run \ {Len(run)}}
  IN run[Len(run)].stitch <= Len(books[d].log) /\ \A s \in before : s <= run[Len(run)].stitch
Learned(d, run) == IF IsPrefix(run, books[d].known) THEN books[d].known ELSE run

\* What comes twice is known.
Knows(d, run) == On("known") /\ On("tip") /\ IsPrefix(run, books[d].known)
TakesPay(d, run) ==
  LET entry == run[Len(run)]
  IN entry.kind = "pay" /\ Follows(d, run) /\ Answers(d, entry) /\ Stitched(d, run)
TakesReceipt(d, run) == run[Len(run)].kind = "ack" /\ Follows(d, run) /\ Stitched(d, run)

HearPay(c, d) ==
  /\ Attends(c, d)
  /\ \E m \in Arrivals(c, d) :
    LET s == sess[d][c]
        run == m.run
        ack == [kind |-> "ack", floor |-> 0, mark |-> 0, stitch |-> Len(run), copy |-> copy[d]]
        b == [books[d] EXCEPT !.known = Learned(d, run), !.got = @ + 1, !.log = Append(@, ack)]
        next == Comes([s EXCEPT !.in = 0, !.bid = FALSE], Len(run))
    IN /\ m.is = "Pay" /\ s.in > 0
       /\ Len(books[d].log) < MostEntries \/ Knows(d, run)
       /\ CASE Len(run) = s.in /\ Knows(d, run) -> Hear(c, d, m, next, <<>>)
            [] Len(run) = s.in /\ ~Knows(d, run) /\ TakesPay(d, run) ->
                 Write(c, d, m, next, b, <<>>, "persist_receipt")
            [] Forks(d, run) /\ On("extends") ->
                 Write(c, d, m, Gone, [books[d] EXCEPT !.forked = TRUE], <<>>, "persist_receipt")
            [] OTHER -> Hear(c, d, m, Gone, <<>>)

HearReceipt(c, d) ==
  /\ Attends(c, d)
  /\ \E m \in Arrivals(c, d) :
    LET run == m.run
        b == [books[d] EXCEPT !.known = Learned(d, run)]
        next == Acknowledged(sess[d][c], run[Len(run)].stitch)
    IN /\ m.is = "Receipt"
       /\ CASE Knows(d, run) -> Hear(c, d, m, next, <<>>)
            [] ~Knows(d, run) /\ TakesReceipt(d, run) ->
                 Write(c, d, m, next, b, <<>>, "persist_receipt")
            [] Forks(d, run) /\ On("extends") ->
                 Write(c, d, m, Gone, [books[d] EXCEPT !.forked = TRUE], <<>>, "persist_receipt")
            [] OTHER -> Hear(c, d, m, Gone, <<>>)

SayDone(c, d) ==
  /\ Speaks(c, d) /\ CanFinish(c, d) /\ ~CanDeliver(c, d)
  /\ Become(c, d, [sess[d][c] EXCEPT !.done = TRUE])
  /\ Tell(c, d, <<Word("Done")>>)
  /\ UNCHANGED World

HearDone(c, d) ==
  /\ Attends(c, d)
  /\ \E m \in Arrivals(c, d) :
    /\ m.is = "Done"
    /\ Hear(c, d, m, [sess[d][c] EXCEPT !.over = TRUE], <<>>)

(****************************** old copies *********************************)

HearDoubt(c, d) ==
  /\ Listens(c, d) /\ sess[d][c].met /\ ~sess[d][c].shown /\ Stands(d)
  /\ \E m \in Arrivals(c, d) :
    /\ m.is = "Doubt"
    /\ Hear(c, d, m, [sess[d][c] EXCEPT !.shown = TRUE], <<[is |-> "Shown", run |-> books[d].known]>>)

HearShown(c, d) ==
  /\ Listens(c, d) /\ sess[d][c].doubts
  /\ \E m \in Arrivals(c, d) :
    /\ m.is = "Shown"
    /\ IF Len(m.run) > Len(books[d].log) \/ ~On("shown")
       THEN Write(c, d, m, Gone, [books[d] EXCEPT !.old = TRUE], <<>>, "persist_receipt")
       ELSE Hear(c, d, m, Gone, <<>>)

\* Nothing is said to who may know these books to be old.
Ignore(c, d) ==
  /\ Listens(c, d) /\ sess[d][c].doubts /\ Channel
  /\ \E m \in Arrivals(c, d) :
    /\ m.is \notin {"Shown", "Cancel", "Doubt"}
    /\ Hear(c, d, m, IF m.is = "Done" THEN Gone ELSE sess[d][c], <<>>)

(******************************** ending ***********************************)

\* A person ends it; a bound payment is not taken back.
Cancel(c, d) ==
  LET s == sess[d][c]
      refund == [books[d] EXCEPT !.log = SubSeq(@, 1, s.awaits - 1)]
  IN /\ Cancels /\ Channel /\ s.live /\ ~Staged(d)
     /\ \/ /\ ~s.bound
           /\ UNCHANGED books
        \/ /\ ~On("too_late") /\ s.awaits > 0 /\ s.awaits = Len(books[d].log)
           /\ books' = [books EXCEPT ![d] = refund]
     /\ Become(c, d, Gone)
     /\ Say(c, d, <<Word("Cancel")>>)
     /\ UNCHANGED <<disk, held, World>>

HearCancel(c, d) ==
  /\ Channel /\ Listens(c, d)
  /\ \E m \in Arrivals(c, d) :
    /\ m.is = "Cancel"
    /\ Hear(c, d, m, Gone, <<>>)

\* The other side is gone, or there is nothing more to say.
HangUp(c, d) ==
  /\ sess[d][c].live /\ Channel /\ ~Staged(d)
  /\ \/ sess[d][c].done /\ sess[d][c].over
     \/ ~sess[Peer(d)][c].live /\ net[c][Peer(d)] = <<>>
  /\ Become(c, d, Gone)
  /\ UNCHANGED <<disk, books, held, net, World>>

Fault == /\ faults < Faults
         /\ faults' = IF Faults = Forever THEN 0 ELSE faults + 1

\* The link breaks for one side.
Break(c, d) ==
  /\ sess[d][c].live /\ ~Staged(d) /\ Fault
  /\ Become(c, d, Gone)
  /\ UNCHANGED <<disk, books, held, net, saved, copy, elsewheres>>

(******************************** the disk *********************************)

Of(c, frames) ==
  LET of(frame) == frame[1] = c
      mine == SelectSeq(frames, of)
  IN [i \in DOMAIN mine |-> mine[i][2]]

\* What is staged is durable, and only now what was held back leaves.
Commit(d) ==
  /\ Staged(d)
  /\ disk' = [disk EXCEPT ![d] = books[d]]
  /\ net' = [c \in Conversations |->
              [net[c] EXCEPT ![d] = IF ~sess[d][c].live THEN @
                                    ELSE IF Channel THEN @ \o Of(c, held[d])
                                    ELSE @ \cup Keep(Of(c, held[d]))]]
  /\ held' = [held EXCEPT ![d] = <<>>]
  /\ sess' = [sess EXCEPT ![d] = [c \in Conversations |-> [@[c] EXCEPT !.waits = FALSE]]]
  /\ UNCHANGED <<books, World>>

Lose(d) == /\ sess' = [sess EXCEPT ![d] = [c \in Conversations |-> Gone]]
           /\ held' = [held EXCEPT ![d] = <<>>]

Crash(d) ==
  \* Otherwise it is the same as Break.
  /\ Staged(d) \/ Cardinality({c \in Conversations : sess[d][c].live}) > 1
  /\ Fault
  /\ Lose(d)
  /\ books' = [books EXCEPT ![d] = disk[d]]
  /\ UNCHANGED <<disk, net, saved, copy, elsewheres>>

\* The wallet pays without a session with the peer: somebody else, or the peer, which is away.
Elsewhere(d) ==
  LET known == Len(books[d].known)
      other == [kind |-> "other", floor |-> 0, mark |-> 0, stitch |-> 0, copy |-> copy[d]]
      pay == [kind |-> "pay", floor |-> known, mark |-> Mark(books[d].known, known), stitch |-> known,
              copy |-> copy[d]]
  IN /\ elsewheres < Elsewheres /\ ~Staged(d) /\ Holds(d) > 0
     /\ Len(disk[d].log) < MostEntries /\ (On("old_copy") => ~disk[d].old)
     /\ elsewheres' = elsewheres + 1
     /\ \E entry \in {e \in {pay, other} : e.kind \in Apart} :
          /\ entry.kind = "pay" => ~disk[d].forked
          /\ disk' = [disk EXCEPT ![d].log = Append(@, entry)]
          /\ books' = [books EXCEPT ![d].log = Append(@, entry)]
     /\ UNCHANGED <<held, net, sess, saved, copy, faults>>

Backup(d) ==
  /\ d \in Restorers /\ saved[d] = <<>> /\ copy[d] = 0
  /\ saved' = [saved EXCEPT ![d] = <<disk[d]>>]
  /\ UNCHANGED <<disk, books, held, net, sess, copy, faults, elsewheres>>

Restore(d) ==
  /\ saved[d] # <<>> /\ saved[d][1] # disk[d]
  /\ Lose(d)
  /\ disk' = [disk EXCEPT ![d] = saved[d][1]]
  /\ books' = [books EXCEPT ![d] = saved[d][1]]
  /\ saved' = [saved EXCEPT ![d] = <<>>]
  /\ copy' = [copy EXCEPT ![d] = 1]
  /\ UNCHANGED <<net, faults, elsewheres>>

(********************************* spec ************************************)

Init ==
  /\ disk = [d \in Device |-> Blank] /\ books = disk
  /\ saved = [d \in Device |-> <<>>]
  /\ held = [d \in Device |-> <<>>]
  /\ net = [c \in Conversations |-> [d \in Device |-> IF Channel THEN <<>> ELSE {}]]
  /\ sess = [d \in Device |-> [c \in Conversations |-> Gone]]
  /\ copy = [d \in Device |-> 0]
  /\ faults = 0 /\ elsewheres = 0

Protocol(c, d) ==
  \/ Dial(c, d) \/ HearHello(c, d) \/ HearAsk(c, d)
  \/ Deliver(c, d) \/ Offer(c, d) \/ Short(c, d)
  \/ HearOffer(c, d) \/ HearWant(c, d) \/ HearPay(c, d) \/ HearReceipt(c, d)
  \/ SayDone(c, d) \/ HearDone(c, d)
  \/ HearDoubt(c, d) \/ HearShown(c, d) \/ Ignore(c, d)
  \/ HearCancel(c, d) \/ HangUp(c, d)

Next ==
  \/ \E c \in Conversations, d \in Device : Protocol(c, d) \/ Cancel(c, d) \/ Break(c, d)
  \/ \E d \in Device : Commit(d) \/ Crash(d) \/ Elsewhere(d) \/ Backup(d) \/ Restore(d)

Spec == Init /\ [][Next]_vars
\* What a device can do, it does at last; faults and persons need not.
FairSpec == /\ Spec
            /\ \A c \in Conversations, d \in Device : WF_vars(Protocol(c, d))
            /\ \A d \in Device : WF_vars(Commit(d))

(******************************* invariants ********************************)

TypeOK ==
  \A d \in Device :
    /\ disk[d].log \in Seq(Entry) /\ disk[d].known \in Seq(Entry) /\ disk[d].got \in Nat
    /\ Len(disk[d].log) <= MostEntries /\ faults <= Faults

Honest(d) == copy[d] = 0 /\ d \notin Liars
Pays(log) == Count(log, {"pay"})
\* Own payments that the peer has not accepted.
Underway(d) == {i \in DOMAIN disk[d].log :
                  disk[d].log[i].kind = "pay" /\ i > Len(disk[Peer(d)].known)}

\* No value twice: a payee has no more than was paid, for good, by a payer's disk.
NoRepeat ==
  (\A d \in Device : copy[d] = 0) => \A d \in Device : disk[Peer(d)].got <= Pays(disk[d].log)
\* No value lost: what left one has arrived, or is on its way and will be accepted.
NoLoss ==
  (\A d \in Device : copy[d] = 0) =>
    \A d \in Device :
      /\ Pays(disk[d].log) = disk[Peer(d)].got + Cardinality(Underway(d))
      /\ \A i \in Underway(d) :
           LET floor == disk[d].log[i].floor
           IN /\ floor <= Len(disk[Peer(d)].log)
              /\ disk[d].log[i].mark = Mark(disk[Peer(d)].log, floor)
\* Each has seen a beginning of what the other wrote, and nothing else.
Linear ==
  (\A d \in Device : copy[d] = 0) =>
    \A d \in Device : IsPrefix(disk[d].known, disk[Peer(d)].log)
\* An acknowledgement that is believed was given by one who has what it acknowledges.
ReceiptTrue ==
  (\A d \in Device : copy[d] = 0) =>
    \A d \in Device : \A i \in DOMAIN disk[d].known :
      disk[d].known[i].kind = "ack" => disk[d].known[i].stitch <= Len(disk[Peer(d)].known)
\* Each accepted entry with value counts once, whatever the payer did.
CountsOnce == \A d \in Device : disk[d].got = Pays(disk[d].known)
\* Both have said and heard Done: what was delivered has arrived. (A second conversation could write more.)
Agreed(c) ==
  \A d \in Device : sess[d][c].done /\ sess[d][c].over
Agree == \A c \in Conversations :
  Agreed(c) => \A d \in Device : Len(books[Peer(d)].known) >= sess[d][c].sent \/ Peer(d) \in Liars
\* What was accepted can be spent: its floor is on the payee's log.
Spendable == \A d \in Device : \A i \in DOMAIN disk[d].known :
  LET entry == disk[d].known[i]
  IN entry.kind = "pay" => /\ entry.floor <= Len(disk[d].log)
                           /\ entry.mark = Mark(disk[d].log, entry.floor)
\* Nobody is accused who did not put back an old copy.
NoAccusation == \A d \in Device : disk[d].forked => copy[Peer(d)] > 0
\* Nobody refuses what an honest peer says, in whatever sessions it came before.
First(c, d, is) == net[c][Peer(d)] # <<>> /\ Head(net[c][Peer(d)]).is \in is /\ Attends(c, d)
NoRefusal ==
  (Channel /\ \A d \in Device : Honest(d)) =>
    \A c \in Conversations, d \in Device :
      LET m == Head(net[c][Peer(d)])
          s == sess[d][c]
      IN /\ First(c, d, {"Offer", "Resume"}) => s.in = 0 \/ s.bid
         /\ First(c, d, {"Pay"}) => s.in = Len(m.run) /\ (Knows(d, m.run) \/ TakesPay(d, m.run))
         /\ First(c, d, {"Receipt"}) => Knows(d, m.run) \/ TakesReceipt(d, m.run)
         /\ First(c, d, {"Want"}) => s.out.is = "resumed" \/ (s.out.is = "offered" /\ ~m.none)
\* Nobody stops signing for a word.
NoFalseOld == \A d \in Device : disk[d].old => copy[d] > 0
\* Who doubts says nothing else.
Quiet(s) == s.out = Idle /\ s.awaits = 0 /\ s.in = 0 /\ ~s.asked /\ ~s.bound
Silent == \A d \in Device, c \in Conversations :
  (sess[d][c].met /\ sess[d][c].sent > Len(books[d].log)) => Quiet(sess[d][c])

\* What is known of the other is never exchanged for something else.
OneLine == [][\A d \in Device : copy'[d] # copy[d] \/ IsPrefix(disk[d].known, disk'[d].known)]_disk
\* Who was shown a later entry of its own writes no more.
Stopped == [][\A d \in Device : disk[d].old => disk'[d].log = disk[d].log]_disk
\* What was durable stays.
Keeps == [][\A d \in Device : copy'[d] # copy[d] \/ IsPrefix(disk[d].log, disk'[d].log)]_disk

\* When links hold and crashes end, all is paid, and the payer knows it.
Settled(d) ==
  /\ disk[Peer(d)].got = Pays(disk[d].log)
  /\ \A i \in DOMAIN disk[d].log : disk[d].log[i].kind = "pay" =>
       \E j \in DOMAIN disk[d].known : disk[d].known[j].kind = "ack" /\ disk[d].known[j].stitch >= i
Settles == <>[](\A d \in Device : Settled(d) /\ (d \in Payers => Holds(d) = 0))

(******************************* reached ***********************************)

Never_NoLoss == \A d \in Device : Underway(d) = {}
Never_ReceiptTrue == \A d \in Device : Count(disk[d].known, {"ack"}) = 0
Never_Agree == \A c \in Conversations :
  ~(Agreed(c) /\ \A d \in Device : disk[d].got > 0)
Never_NoAccusation == \A d \in Device : ~disk[d].forked
Never_NoFalseOld == \A d \in Device : ~disk[d].old
Never_Silent == \A d \in Device, c \in Conversations : ~sess[d][c].doubts
\* A payment under way in two conversations at once.
Never_Double == \A d \in Device : Cardinality({c \in Conversations :
  sess[d][c].awaits > Len(disk[Peer(d)].known)}) < 2
\* Both pay in one conversation.
Never_Crossed == \A c \in Conversations :
  ~(\A d \in Device : sess[d][c].awaits > 0)
\* A payment under way before the one that was sent is acknowledged.
Never_Several == \A c \in Conversations, d \in Device :
  ~(sess[d][c].awaits > 0 /\ sess[d][c].out.is = "resumed")
\* An honest peer says again what is known.
Never_NoRefusal == \A c \in Conversations, d \in Device :
  ~(First(c, d, {"Pay", "Receipt"}) /\ IsPrefix(Head(net[c][Peer(d)]).run, books[d].known))
\* A Want of nothing.
Never_Nothing == \A c \in Conversations, d \in Device :
  ~(First(c, d, {"Want"}) /\ Head(net[c][Peer(d)]).none)
\* An offer that another payment overtook.
Never_Stale == \A d \in Device, c \in Conversations :
  ~(sess[d][c].out.is = "offered" /\ sess[d][c].out.at <= Len(books[d].log))
=============================================================================
