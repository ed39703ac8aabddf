------------------------------- MODULE Anchor -------------------------------
(* A chip with a counter that cannot go back, and what its evidence can say of the heads of one log.

   The owner may be hostile: it opens audit sessions, sends the chip's commands in any order, cuts the power at any point, defines
   the counter anew, clears the chip, loads saved contexts, and shows a verifier whatever the chip attested. The aim: one counter
   value never has evidence of two heads.

   A digest is modelled as the sequence of audited commands that it hashes, from the last point on that a verifier could replay: the start
   digest is opaque, so what lies before is worth nothing. Commands: <<"R", value, "-">> reads the pinned counter, <<"S", index, line>> stirs a head,
   <<"I", 0, "-">> increments the pinned counter. Any other audited command makes what lies before it worthless, and one outside of a session
   changes nothing. Values count from the pinned first one, so index i is value i. Two lines, "a" and "b", part at index Fork.
   `got` is all that the verifier was ever shown to be true: it is never consulted by the chip or the owner.

   With Owner = "honest" the same chip serves one wallet that may crash anywhere. *)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    Sessions,   \* audit sessions, by number
    Last,       \* the highest value
    Fork,       \* the first index at which the lines differ
    Owner,      \* "hostile" or "honest"
    Forms,      \* what a verifier takes: "bracket" as shipped, "extend", "command_audit"
    Weak,       \* what this chip does against its specification: "reload" (loads an old context, also by way of suspend), "forgets" (Clear resets counters)
    Recover,    \* honest, after a crash: "attest" (first ask what the digest is) or "read" (first read the counter)
    Exclusive,  \* honest: the session is exclusive, so any other command ends it
    Crashes,    \* honest: how often the wallet crashes or loses a reply
    Off         \* guards that are switched off

VARIABLES
    value, written, highest,    \* the pinned counter; whether it was incremented since it was defined; the highest value of any counter ever
    digest,                     \* session -> commands
    saved, copies,              \* sessions whose context is outside; up to two old contexts
    alive,                      \* the attestation key
    extended, audited,          \* an extend index; the command audit counter
    got,                        \* (index, line): heads with evidence
    pc, last, intent,           \* wallet: where it is; durable: the last index with evidence, the head that it means to absorb
    sent, chosen,               \* heads that left the wallet; heads that it ever meant to absorb
    cut, foreign, crashes       \* whether the power failed; whether another program moved the counter

chip == <<value, written, highest, digest, saved, copies, alive, extended, audited>>
wallet == <<pc, last, intent, sent, chosen, cut, foreign, crashes>>
vars == <<chip, got, wallet>>

Lines == {"a", "b"}
On(l, i) == IF i < Fork THEN "a" ELSE l
Heads == {<<i, l>> \in (1..Last) \X Lines : l = On(l, i)}

R(x) == <<"R", x, "-">>
S(h) == <<"S", h[1], h[2]>>
I == <<"I", 0, "-">>

Init ==
    /\ value = 0 /\ written = TRUE /\ highest = 0
    /\ digest = [s \in Sessions |-> <<>>]
    /\ saved = {} /\ copies = {}
    /\ alive = TRUE
    /\ extended = <<>> /\ audited = 0
    /\ got = {}
    /\ pc = "idle" /\ last = 0 /\ intent = "-"
    /\ sent = {} /\ chosen = {}
    /\ cut = FALSE /\ foreign = FALSE /\ crashes = 0

-----------------------------------------------------------------------------
(* The verifier: what may stand in the replayed part, and what a digest proves. *)

Before(x, h) == ("pinned" \in Off) \/ (IF "dense" \in Off THEN h[2] <= x + 1 ELSE h[2] = x + 1)
After(h, x) == ("pinned" \in Off) \/ (IF "dense" \in Off THEN h[2] <= x ELSE h[2] = x)

First(c) == c[1] = "R" \/ (c[1] = "S" /\ "read_before" \in Off)

Follows(d, c) ==
    LET e == d[Len(d)] IN
    CASE c[1] = "S" -> IF e[1] = "R" THEN Before(e[2], c) ELSE e[1] = "S" /\ "one_head" \in Off
      [] c[1] = "I" -> e[1] = "S"
      [] c[1] = "R" -> IF e[1] = "I" THEN After(d[Len(d) - 1], c[2])
                       ELSE e[1] = "S" /\ "increment" \in Off /\ After(e, c[2])

\* A digest after one more command, without what no verifier could replay.
Then(d, c) ==
    IF (IF d = <<>> THEN FALSE ELSE Follows(d, c)) THEN Append(d, c)
    ELSE IF First(c) THEN <<c>> ELSE <<>>

Proves(d) ==
    {<<d[k][2], d[k][3]>> : k \in {k \in 1..Len(d) :
        /\ d[k][1] = "S"
        /\ \E m \in (k + 1)..Len(d) : d[m][1] = "R" \/ (d[m][1] = "I" /\ "read_after" \in Off)}}

\* What was proven once need not be kept in the digest: from the last read on.
Rest(d) ==
    LET rs == {k \in 1..Len(d) : d[k][1] = "R"}
    IN IF rs = {} THEN d ELSE SubSeq(d, CHOOSE k \in rs : \A m \in rs : m <= k, Len(d))

-----------------------------------------------------------------------------
(* The chip. *)

Audit(s, c) == digest' = [digest EXCEPT ![s] = Then(@, c)]
Spoil(s) == digest' = [digest EXCEPT ![s] = <<>>]
Usable(s) == s \notin saved

Same == UNCHANGED <<got, wallet>>

DoRead(s) ==
    /\ Usable(s) /\ written
    /\ Audit(s, R(value))
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited>>

DoStir(s, h) ==
    /\ Usable(s)
    /\ Audit(s, S(h))
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited>>

\* The first increment of a counter that was defined anew goes above the highest ever, and the name is another then.
Start == IF "never_back" \in Off THEN 1 ELSE highest + 1
Up == IF written THEN value + 1 ELSE Start
Max(x, y) == IF x > y THEN x ELSE y
Move ==
    /\ Up <= Last
    /\ value' = Up
    /\ written' = TRUE
    /\ highest' = Max(highest, Up)

DoIncrement(s) ==
    /\ Usable(s)
    /\ Move
    /\ IF written THEN Audit(s, I) ELSE Spoil(s)
    /\ UNCHANGED <<saved, copies, alive, extended, audited>>

-----------------------------------------------------------------------------
(* The hostile owner. *)

Hostile == Owner = "hostile"

Read(s) == Hostile /\ DoRead(s) /\ Same
Stir(s, h) == Hostile /\ DoStir(s, h) /\ Same
Increment(s) == Hostile /\ DoIncrement(s) /\ Same

\* A command is audited in one session.
IncrementInTwo(s, t) ==
    /\ Hostile /\ s # t
    /\ Usable(s) /\ Usable(t) /\ written
    /\ Move
    /\ digest' = [digest EXCEPT ![s] = Then(@, I), ![t] = IF "one_session" \in Off THEN Then(@, I) ELSE @]
    /\ UNCHANGED <<saved, copies, alive, extended, audited>>
    /\ Same

IncrementOutside ==
    /\ Hostile
    /\ Move
    /\ UNCHANGED <<digest, saved, copies, alive, extended, audited>>
    /\ Same

\* Another counter of the chip moves: its values bar the way for a counter that is defined anew.
IncrementOther ==
    /\ Hostile
    /\ highest < Last
    /\ highest' = highest + 1
    /\ UNCHANGED <<value, written, digest, saved, copies, alive, extended, audited>>
    /\ Same

\* Any other audited command, also a session that is ended and begun again.
Foreign(s) ==
    /\ Hostile /\ Usable(s) /\ digest[s] # <<>>
    /\ Spoil(s)
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited>>
    /\ Same

\* The same commands on an index of the owner's, which holds what the owner wants.
ReadOther(s, x) ==
    /\ Hostile /\ Usable(s)
    /\ ("name" \in Off) \/ x = 0
    /\ IF "name" \in Off THEN Audit(s, R(x)) ELSE Spoil(s)
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited>>
    /\ Same

\* The response is encrypted: the audit covers ciphertext, which is any number but the owner's choice.
ReadEncrypted(s, x) ==
    /\ Hostile /\ Usable(s)
    /\ ("pinned" \in Off) \/ x = 0
    /\ IF "pinned" \in Off THEN Audit(s, R(x)) ELSE Spoil(s)
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited>>
    /\ Same

Define ==
    /\ Hostile
    /\ written
    /\ written' = FALSE
    /\ UNCHANGED <<value, highest, digest, saved, copies, alive, extended, audited>>
    /\ Same

Save(s) ==
    /\ Hostile /\ Usable(s)
    /\ saved' = saved \cup {s}
    /\ copies' = IF "reload" \in Weak /\ Cardinality(copies) < 2 THEN copies \cup {digest[s]} ELSE copies
    /\ UNCHANGED <<value, written, highest, digest, alive, extended, audited>>
    /\ Same

Load(s) ==
    /\ Hostile /\ ~Usable(s)
    /\ saved' = saved \ {s}
    /\ \E d \in {digest[s]} \cup copies : digest' = [digest EXCEPT ![s] = d]
    /\ UNCHANGED <<value, written, highest, copies, alive, extended, audited>>
    /\ Same

\* Power off: a reset loses all sessions, a resume those whose context is not outside.
Reset ==
    /\ Hostile
    /\ digest' = [s \in Sessions |-> <<>>]
    /\ saved' = {}
    /\ UNCHANGED <<value, written, highest, copies, alive, extended, audited>>
    /\ Same

Resume ==
    /\ Hostile
    /\ digest' = [s \in Sessions |-> IF s \in saved THEN digest[s] ELSE <<>>]
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited>>
    /\ Same

Clear ==
    /\ Hostile
    /\ alive' = ("key_dies" \in Off)
    /\ written' = FALSE
    /\ highest' = IF "forgets" \in Weak THEN 0 ELSE highest
    /\ audited' = 0
    /\ UNCHANGED <<value, digest, saved, copies, extended>>
    /\ Same

Shown(hs) == got' = got \cup hs

Attest(s) ==
    /\ Hostile /\ Usable(s) /\ alive
    /\ "bracket" \in Forms
    /\ Shown(Proves(digest[s]))
    /\ digest' = [digest EXCEPT ![s] = Rest(@)]
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited, wallet>>

\* The counter certified with a head as qualifying data: another type of attestation.
Certify(h) ==
    /\ Hostile /\ alive /\ written
    /\ h[1] = value
    /\ Shown(IF "kind" \in Off THEN {h} ELSE {})
    /\ UNCHANGED <<chip, wallet>>

\* A key whose policy asks for a value: sessions that were satisfied then still sign now.
SignByPolicy(h) ==
    /\ Hostile
    /\ h[1] <= value
    /\ Shown(IF "attested" \in Off THEN {h} ELSE {})
    /\ UNCHANGED <<chip, wallet>>

-----------------------------------------------------------------------------
(* Other anchors: an extend index, and command audit under a key that survives Clear. *)

Extend(h) ==
    /\ Hostile /\ "extend" \in Forms
    /\ Len(extended) + 1 = h[1]
    /\ extended' = Append(extended, h)
    /\ Shown({extended'[k] : k \in 1..Len(extended')})
    /\ UNCHANGED <<value, written, highest, digest, saved, copies, alive, audited, wallet>>

\* Only the platform can undefine what the platform defined.
DefineExtend ==
    /\ Hostile /\ "extend" \in Forms
    /\ extended' = IF "platform" \in Off THEN <<>> ELSE extended
    /\ UNCHANGED <<value, written, highest, digest, saved, copies, alive, audited, got, wallet>>

AuditCommand(h) ==
    /\ Hostile /\ "command_audit" \in Forms
    /\ h[1] = audited + 1
    /\ audited' = audited + 1
    /\ Shown({h})
    /\ UNCHANGED <<value, written, highest, digest, saved, copies, alive, extended, wallet>>

-----------------------------------------------------------------------------
(* The honest wallet, with session 1. *)

Honest == Owner = "honest"
It == <<last + 1, intent>>

Intend(l) ==
    /\ Honest /\ pc = "idle" /\ last < Last
    /\ l = On(l, last + 1)
    /\ intent' = l
    /\ chosen' = chosen \cup {<<last + 1, l>>}
    /\ pc' = "meant"
    /\ UNCHANGED <<chip, got, last, sent, cut, foreign, crashes>>

Go(where) == pc' = where /\ UNCHANGED <<got, last, intent, sent, chosen, cut, foreign, crashes>>
Stop == Go("stopped") /\ UNCHANGED chip

\* A value was burnt: it must not be skipped.
Gap ==
    IF "never_skip" \in Off
    THEN /\ last' = value /\ pc' = "idle" /\ intent' = "-"
         /\ UNCHANGED <<chip, got, sent, chosen, cut, foreign, crashes>>
    ELSE Stop

ReadBefore ==
    /\ Honest /\ pc = "meant"
    /\ IF value = last THEN DoRead(1) /\ Go("read") ELSE Gap

StirIt == Honest /\ pc = "read" /\ DoStir(1, It) /\ Go("stirred")
IncrementIt == Honest /\ pc = "stirred" /\ (IF value < Last THEN DoIncrement(1) /\ Go("moved") ELSE Stop)
ReadAfter == Honest /\ pc = "moved" /\ DoRead(1) /\ Go("back")

AttestIt ==
    /\ Honest /\ pc = "back"
    /\ IF It \in Proves(digest[1])
       THEN /\ got' = got \cup {It}
            /\ last' = last + 1
            /\ pc' = "attested"
            /\ digest' = [digest EXCEPT ![1] = Rest(@)]
            /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited, intent, sent, chosen, cut, foreign, crashes>>
       ELSE Gap

Send ==
    /\ Honest
    /\ \/ /\ pc = "attested"
          /\ sent' = sent \cup {<<last, intent>>}
          /\ pc' = "idle" /\ intent' = "-"
       \/ /\ "durable_first" \in Off /\ pc = "moved"
          /\ sent' = sent \cup {It}
          /\ UNCHANGED <<pc, intent>>
    /\ UNCHANGED <<chip, got, last, chosen, cut, foreign, crashes>>

\* Where a wallet finds itself when it starts: what is durable, and nothing else.
Lost == IF pc \in {"stopped", "attested", "idle"} THEN pc
        ELSE IF "durable_intent" \in Off THEN "idle" ELSE "unsure"

Crash ==
    /\ Honest /\ crashes < Crashes
    /\ crashes' = crashes + 1
    /\ pc' = Lost
    /\ UNCHANGED <<chip, got, last, intent, sent, chosen, cut, foreign>>

PowerCut ==
    /\ Honest /\ crashes < Crashes
    /\ crashes' = crashes + 1
    /\ cut' = TRUE
    /\ digest' = [s \in Sessions |-> <<>>]
    /\ pc' = Lost
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited, got, last, intent, sent, chosen, foreign>>

\* An attestation tells the digest, so the wallet knows which of its commands were executed.
Ends ==
    LET d == digest[1]
    IN IF It \in Proves(d) THEN "back"
       ELSE IF d = <<>> THEN "meant"
       ELSE IF d[Len(d)] = I THEN "moved" ELSE "meant"

Reopen ==
    /\ Honest /\ pc = "unsure"
    /\ IF Recover = "attest" THEN Go(Ends) /\ UNCHANGED chip
       ELSE IF value = last THEN Go("meant") /\ UNCHANGED chip
       ELSE DoRead(1) /\ Go("back")

\* Other programs of the machine.
Harmless ==
    /\ Honest
    /\ IF Exclusive THEN Spoil(1) ELSE UNCHANGED digest
    /\ UNCHANGED <<value, written, highest, saved, copies, alive, extended, audited, got, wallet>>

IncrementByOther ==
    /\ Honest /\ ~foreign
    /\ Move
    /\ foreign' = TRUE
    /\ UNCHANGED <<digest, saved, copies, alive, extended, audited, got, pc, last, intent, sent, chosen, cut, crashes>>

-----------------------------------------------------------------------------
Next ==
    \/ \E s \in Sessions : Read(s)
    \/ \E s \in Sessions, h \in Heads : Stir(s, h)
    \/ \E s \in Sessions : Increment(s)
    \/ \E s \in Sessions, t \in Sessions : IncrementInTwo(s, t)
    \/ IncrementOutside
    \/ IncrementOther
    \/ \E s \in Sessions : Foreign(s)
    \/ \E s \in Sessions, x \in 0..Last : ReadOther(s, x)
    \/ \E s \in Sessions, x \in 0..Last : ReadEncrypted(s, x)
    \/ Define
    \/ \E s \in Sessions : Save(s)
    \/ \E s \in Sessions : Load(s)
    \/ Reset
    \/ Resume
    \/ Clear
    \/ \E s \in Sessions : Attest(s)
    \/ \E h \in Heads : Certify(h)
    \/ \E h \in Heads : SignByPolicy(h)
    \/ \E h \in Heads : Extend(h)
    \/ DefineExtend
    \/ \E h \in Heads : AuditCommand(h)
    \/ \E l \in Lines : Intend(l)
    \/ ReadBefore
    \/ StirIt
    \/ IncrementIt
    \/ ReadAfter
    \/ AttestIt
    \/ Send
    \/ Crash
    \/ PowerCut
    \/ Reopen
    \/ Harmless
    \/ IncrementByOther

Spec == Init /\ [][Next]_vars

Works == (\E l \in Lines : Intend(l)) \/ ReadBefore \/ StirIt \/ IncrementIt \/ ReadAfter \/ AttestIt \/ Send \/ Reopen
Fair == Spec /\ WF_vars(Works)

-----------------------------------------------------------------------------
TypeOK ==
    /\ value \in 0..Last /\ highest \in 0..Last
    /\ saved \subseteq Sessions
    /\ got \subseteq Heads
    /\ sent \subseteq Heads

\* No counter value has evidence of two heads.
OneHead == \A i \in 1..Last : ~(<<i, "a">> \in got /\ <<i, "b">> \in got)

\* No verifier takes two lines from one floor: every index after the floor has evidence.
Accepted(l, j) == \A i \in (IF "every_index" \in Off THEN {j} ELSE 1..j) : <<i, On(l, i)>> \in got
OneLine == ~((\E j \in Fork..Last : Accepted("a", j)) /\ (\E j \in Fork..Last : Accepted("b", j)))

\* What left the wallet has evidence, without a gap, and never was anything else.
SentIsEvident == sent \subseteq got
SentIsDense == \A h \in sent : \A i \in 1..h[1] : \E l \in Lines : <<i, l>> \in sent
OneIntent == \A i \in 1..Last : Cardinality({h \in chosen : h[1] = i}) <= 1

\* A log stops by a power cut or another program's increment, by nothing else.
StopsOnlyByCut == pc = "stopped" => cut \/ foreign

\* And without those it goes on to its end.
GoesOn == <>(Cardinality(sent) = Last \/ cut \/ foreign)

-----------------------------------------------------------------------------
(* Must be found violated. *)

Never_Evident == ~(<<Last, "a">> \in got)
Never_Many == ~\E s \in Sessions : Cardinality(Proves(digest[s])) >= 2
Never_Interleaved == ~\E s \in Sessions, t \in Sessions :
    s # t /\ <<value, "a">> \in Proves(digest[s]) /\ digest[t] # <<>> /\ digest[t][Len(digest[t])] = S(<<value, "b">>)
Never_Redefined == ~(got # {} /\ written /\ value > Cardinality(got) /\ <<value, "b">> \in got)
Never_Cleared == alive
Never_Sent == Cardinality(sent) < Last
Never_Stopped == pc # "stopped"
Never_WentOn == ~(crashes > 0 /\ cut /\ Cardinality(sent) = Last)
=============================================================================
