---------------------------- MODULE TraceSession ----------------------------
(***************************************************************************)
(* Whether logs of the simulator (crates/dsm-sim) are behaviours of        *)
(* Session: spec/sessions.md.                                              *)
(*                                                                         *)
(* A log is what two people did with each other over good links, with      *)
(* deaths, broken links and cancels: a sequence of events. Each step of    *)
(* Session takes the events that it explains off the log, in order; a log  *)
(* is accepted if all of it is taken. News (Evidence, Sync, Behind) and    *)
(* refusals by rules that Session does not know are not in the logs; a     *)
(* refusal shows as the end of a session. Entries written outside of a     *)
(* session, and those to others, are taken as they come.                   *)
(*                                                                         *)
(* TraceLogs is written by `cargo xtask tla`: some logs as they are, and   *)
(* some of them with one event left out, doubled, or exchanged with the    *)
(* next.                                                                   *)
(***************************************************************************)
EXTENDS Session, TraceLogs, TLC

VARIABLES chosen, taken

Log == Logs[chosen]
Left == Len(Log) - taken
Takes(es) ==
  /\ Len(es) <= Left
  /\ \A i \in DOMAIN es : Log[taken + i] = es[i]
  /\ taken' = taken + Len(es)
  /\ UNCHANGED chosen

Event(e, c, d, is, n, k) == [e |-> e, c |-> c, d |-> d, is |-> is, n |-> n, k |-> k]
\* A message by its name, an index of the speaker's log, and one of the hearer's.
Said(c, d, m) ==
  LET n == CASE m.is \in {"Offer", "Resume"} -> m.at
             [] m.is \in {"Pay", "Receipt"} -> Len(m.run)
             [] OTHER -> 0
      k == CASE m.is = "Hello" -> m.accepted
             [] m.is \in {"Pay", "Receipt"} -> m.run[Len(m.run)].stitch
             [] OTHER -> 0
  IN Event("said", c, d, m.is, n, k)
Heard(c, d) == Event("hear", c, d, Head(net[c][Peer(d)]).is, 0, 0)
Over(c, d) == Event("over", c, d, "", 0, 0)
Died(d) == Event("died", 0, d, "", Len(disk[d].log), 0)

(* What a step said: what is new at the end of its side of the link. *)
New(c, d) ==
  LET before == IF Len(net[c][d]) <= Len(net'[c][d]) THEN Len(net[c][d]) ELSE 0
  IN [i \in 1..(Len(net'[c][d]) - before) |-> Said(c, d, net'[c][d][before + i])]
(* First es; then what was said, perhaps not to its end, if the process died while it spoke. *)
Explains(es, said, d) ==
  \/ Takes(es \o said)
  \/ \E n \in 0..(Len(said) - 1) :
       LET spoken == Len(es) + n
       IN /\ Takes(es \o SubSeq(said, 1, n))
          /\ spoken < Left /\ Log[taken + spoken + 1].e = "died" /\ Log[taken + spoken + 1].d = d

Next_(e) == Left > 0 /\ Log[taken + 1].e = e
Is(e, c, d) == Next_(e) /\ Log[taken + 1].c = c /\ Log[taken + 1].d = d

TraceDial(c, d) ==
  /\ Is("call", c, d)
  /\ Dial(c, d)
  /\ sess'[d][c].wish = (Log[taken + 1].n = 1)
  /\ Explains(<<Log[taken + 1]>>, New(c, d), d)
TraceHear(c, d) ==
  /\ Is("hear", c, d)
  /\ net[c][Peer(d)] # <<>>
  /\ \/ HearHello(c, d) \/ HearAsk(c, d) \/ HearOffer(c, d) \/ HearWant(c, d) \/ HearPay(c, d)
     \/ HearReceipt(c, d) \/ HearDone(c, d) \/ HearDoubt(c, d) \/ HearShown(c, d)
     \/ HearCancel(c, d) \/ Ignore(c, d)
  /\ Explains(<<Heard(c, d)>>, New(c, d), d)
TraceSpeak(c, d) ==
  /\ Is("said", c, d)
  /\ Deliver(c, d) \/ Offer(c, d) \/ SayDone(c, d) \/ Cancel(c, d)
  /\ Explains(<<>>, New(c, d), d)
\* It dies before it says what it would say next.
TraceSilent(c, d) ==
  /\ Next_("died") /\ Log[taken + 1].d = d
  /\ Deliver(c, d) \/ Offer(c, d)
  /\ UNCHANGED <<chosen, taken>>
(* A message that ends the session: it breaks a rule that is not modelled. *)
Discard(c, d) ==
  /\ Is("hear", c, d) /\ net[c][Peer(d)] # <<>>
  /\ Takes(<<Heard(c, d), Over(c, d)>>)
  /\ sess' = [sess EXCEPT ![d][c] = Gone]
  /\ net' = [net EXCEPT ![c][Peer(d)] = Tail(@)]
  /\ UNCHANGED <<disk, books, held, World>>
\* Nobody is there to hear it.
Deaf(c, d) ==
  /\ Is("hear", c, d) /\ net[c][Peer(d)] # <<>> /\ ~sess[d][c].live
  /\ Takes(<<Heard(c, d)>>)
  /\ net' = [net EXCEPT ![c][Peer(d)] = Tail(@)]
  /\ UNCHANGED <<disk, books, held, sess, World>>
TraceOver(c, d) ==
  /\ Is("over", c, d) /\ ~Staged(d)
  /\ Takes(<<Over(c, d)>>)
  /\ sess' = [sess EXCEPT ![d][c] = Gone]
  /\ UNCHANGED <<disk, books, held, net, World>>

Kinds(log, from) == [i \in 1..(Len(log) - from) |-> log[from + i].kind]
\* What became durable: what was written, and the index up to which the other's log is known.
Durable(d) ==
  LET wrote == Kinds(disk'[d].log, Len(disk[d].log))
      known == IF Len(disk'[d].known) > Len(disk[d].known) THEN Len(disk'[d].known) ELSE 0
  IN IF wrote = <<>> /\ known = 0 THEN <<>>
     ELSE <<[e |-> "durable", c |-> 0, d |-> d, is |-> "", n |-> known, k |-> 0, wrote |-> wrote]>>
TraceCommit(d) ==
  /\ Commit(d)
  /\ LET speak == {c \in Conversations : New(c, d) # <<>>}
     IN IF speak = {} THEN Takes(Durable(d))
        ELSE \E c \in speak : speak = {c} /\ Explains(Durable(d), New(c, d), d)
\* Entries that no session wrote.
Alone(d) ==
  /\ ~Staged(d)
  /\ Next_("durable") /\ Log[taken + 1].d = d /\ Log[taken + 1].n = 0
  /\ LET event == Log[taken + 1]
         entry(i) == [kind |-> event.wrote[i], floor |-> 0, mark |-> 0, copy |-> 0,
                      stitch |-> IF event.wrote[i] = "other" THEN 0 ELSE Len(disk[d].known)]
         log == disk[d].log \o [i \in DOMAIN event.wrote |-> entry(i)]
     IN /\ event.is = "apart" \/ \A i \in DOMAIN event.wrote : event.wrote[i] = "other"
        /\ Takes(<<event>>)
        /\ disk' = [disk EXCEPT ![d].log = log]
        /\ books' = [books EXCEPT ![d].log = log]
  /\ sess' = [sess EXCEPT ![d] = [c \in Conversations |->
               [@[c] EXCEPT !.due = @ /\ (CanDeliver(c, d) \/ CanOffer(c, d))]]]
  /\ UNCHANGED <<held, net, World>>
TraceCrash(d) ==
  /\ Next_("died")
  /\ Takes(<<Died(d)>>)
  /\ Lose(d)
  /\ books' = [books EXCEPT ![d] = disk[d]]
  /\ UNCHANGED <<disk, net, World>>

TraceInit == Init /\ chosen \in DOMAIN Logs /\ taken = 0
TraceNext ==
  /\ taken < Len(Log)
  /\ \/ \E c \in Conversations, d \in Device :
          \/ TraceDial(c, d) \/ TraceHear(c, d) \/ TraceSpeak(c, d) \/ TraceSilent(c, d)
          \/ Discard(c, d) \/ Deaf(c, d) \/ TraceOver(c, d)
     \/ \E d \in Device : TraceCommit(d) \/ Alone(d) \/ TraceCrash(d)

\* Says which logs are taken to their end.
Says == taken = Len(Log) => PrintT(<<"accepted", chosen>>)
\* How far each came, when a refusal is to be understood.
Furthest == PrintT(<<"came to", chosen, taken>>)
=============================================================================
