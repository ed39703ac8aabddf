------------------------------ MODULE Meeting ------------------------------
(* What two victims of one cheat can come to know: the same small world that `dsm-checker` explores  *)
(* with the shipped values (crates/dsm-checker/src/meeting.rs). Models R-24, R-25, R-37, R-39 and     *)
(* R-44 of spec/ and the news of spec/sessions.md.                                                    *)
(*                                                                                                    *)
(* The cheat signed the entries of a tree, since it can go on from any copy of its log. It shows any  *)
(* entry to the victim that it is for, on a run from any place before it to any entry after it, as    *)
(* often as it likes. The victims meet, or the line breaks before both heard what the other found.    *)
(* Abstracted: bytes, signatures, sizes, and the conversation: a dealing is one step.                 *)
(*                                                                                                    *)
(* The projection: these variables are what is counted of a state of the checker. There `known` is    *)
(* the entry whose head a victim's books know last, `accepted` what it accepted for good, `proof`     *)
(* whether its books hold a fork proof of the cheat. Every projected state of the checker is          *)
(* reachable here and the other way round: the step `agreement` of the gate compares the two sets.    *)
EXTENDS Integers, Sequences, FiniteSets

CONSTANT Off   \* the guards that are switched off

Entries == 1..10
Victims == {1, 2}

(* The tree: before each entry, for whom it is (0 for nobody), which note it consumes (0 for none). *)
Parent == <<0, 0, 0, 1, 1, 2, 3, 5, 1, 1>>
For    == <<1, 2, 0, 2, 2, 1, 2, 1, 1, 1>>
Note   == <<1, 1, 0, 1, 2, 2, 1, 2, 2, 1>>

VARIABLES known, accepted, proof
vars == <<known, accepted, proof>>

RECURSIVE Line(_)
Line(e) == IF e = 0 THEN <<>> ELSE Append(Line(Parent[e]), e)

Lines == [e \in {0} \cup Entries |-> Line(e)]
Length(e) == Len(Lines[e])
Before(e) == {Lines[e][i] : i \in 1..(Length(e) - 1)}
On(e) == {Lines[e][i] : i \in 1..Length(e)}

(* Two runs show different entries at one index not before `from`. *)
Contradict(e, f, from) ==
    \E i \in 1..(IF Length(e) < Length(f) THEN Length(e) ELSE Length(f)) :
        i >= from /\ Lines[e][i] # Lines[f][i]

(* The last entry for a victim on a line, before an entry. *)
Tip(v, e) ==
    LET mine == {i \in 1..(Length(e) - 1) : For[Lines[e][i]] = v}
    IN IF mine = {} THEN 0 ELSE Lines[e][CHOOSE i \in mine : \A j \in mine : j <= i]

(* What the victim accepted last. *)
Last(v) ==
    IF accepted[v] = {} THEN 0
    ELSE CHOOSE e \in accepted[v] : \A f \in accepted[v] : Length(f) <= Length(e)

Init ==
    /\ known = [v \in Victims |-> 0]
    /\ accepted = [v \in Victims |-> {}]
    /\ proof = [v \in Victims |-> FALSE]

(* The showing is good: joined to what is known, so that it contradicts nothing; the tip is the known  *)
(* one; the run whole; the note consumed by no record that is shown or known.                          *)
Good(v, e, end, from) ==
    /\ "joined" \in Off \/ known[v] = 0
          \/ (known[v] \in On(end) /\ from <= Length(known[v]))
    /\ "tip" \in Off \/ Tip(v, e) = Last(v)
    /\ "run" \in Off \/ from <= Length(known[v])
    /\ "spent" \in Off \/ \A f \in Before(e) :
          Note[f] = Note[e] => Length(f) <= from /\ f \notin On(known[v])

Found(v, end, from) == known[v] # 0 /\ Contradict(known[v], end, from)

Accept(v, e, end, from) ==
    /\ "forked" \in Off \/ ~proof[v]
    /\ Good(v, e, end, from)
    /\ accepted' = [accepted EXCEPT ![v] = @ \cup {e}]
    /\ known' = [known EXCEPT ![v] = end]
    /\ UNCHANGED proof

Prove(v, end, from) ==
    /\ ~proof[v] /\ Found(v, end, from)
    /\ proof' = [proof EXCEPT ![v] = TRUE]
    /\ UNCHANGED <<known, accepted>>

(* A session wants nothing of an entry at a place where it accepted one. *)
Heard(v, e) == \A f \in accepted[v] : Length(f) # Length(e)

(* Where a run may begin: at the start, or just before the entry, or one before that. *)
Froms(e) == {from \in {0, Length(e) - 2, Length(e) - 1} : from >= 0}

Deal ==
    \E e \in Entries, end \in Entries :
        /\ For[e] # 0 /\ e \in On(end) /\ Heard(For[e], e)
        /\ \E from \in Froms(e) : Accept(For[e], e, end, from)

Find ==
    \E e \in Entries, end \in Entries :
        /\ For[e] # 0 /\ e \in On(end) /\ Heard(For[e], e)
        /\ \E from \in Froms(e) : Prove(For[e], end, from)

(* What the two could tell each other. *)
Told ==
    \/ proof[1] \/ proof[2]
    \/ known[1] # 0 /\ known[2] # 0 /\ Contradict(known[1], known[2], 0)

Meet ==
    /\ Told
    /\ proof' = IF "news" \in Off THEN proof ELSE [v \in Victims |-> TRUE]
    /\ UNCHANGED <<known, accepted>>

(* The line breaks once one of them holds the proof. The first is the one that knows less: the other *)
(* contradicts its hint; of a hint beyond what it knows it could say only where it stands.           *)
Break ==
    /\ Told /\ ~proof[1] /\ ~proof[2]
    /\ \E v \in Victims :
        /\ Length(known[v]) <= Length(known[3 - v])
        /\ proof' = [proof EXCEPT ![v] = TRUE]
    /\ UNCHANGED <<known, accepted>>

Next == Deal \/ Find \/ Meet \/ Break
Spec == Init /\ [][Next]_vars /\ WF_vars(Meet)

----------------------------------------------------------------------------

Twice(v, w) ==
    \E e \in accepted[v], f \in accepted[w] : e # f /\ Note[e] = Note[f] /\ Note[e] # 0

(* No victim accepts a note twice. *)
NoneAcceptsTwice == \A v \in Victims : ~Twice(v, v)

(* What two victims accepted twice, they can find out by what they know. *)
TwiceShows == Twice(1, 2) => Told

(* No entry for a victim was left out before one that it accepted. *)
InOrder == \A v \in Victims : \A e \in accepted[v] : Tip(v, e) \in accepted[v] \cup {0}

(* Who holds a proof accepts nothing more. *)
NothingAfterProof ==
    [][\A v \in Victims : proof[v] => accepted'[v] = accepted[v]]_vars

(* What two victims accepted twice ends in a proof that both hold, if they meet. *)
TwiceIsProven == Twice(1, 2) ~> (proof[1] /\ proof[2])

Never_Twice == ~Twice(1, 2)
Never_Both == ~(proof[1] /\ proof[2])
=============================================================================
