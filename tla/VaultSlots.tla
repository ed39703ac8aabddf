----------------------------- MODULE VaultSlots -----------------------------
(* One vault, two claimants, and nodes that judge nothing: who wins it, and whether anybody does.

   Claimant "A" may come at any time, "B" from the height From on, by each node's own headers. A has two signed claims, "A" and "a"; "X" is
   a stranger's. Valid is the set of claims that a verifier takes; nodes do not know it.

   Design "order": a node fills slot 1, then slot 2, with whatever listed claimant comes first; Quorum equal receipts
   are a certificate of a prefix, and the first valid claim in it wins.

   Design "rounds": slot 1 is A's, slot 2 is B's. B first bars slot 1: from then on the node takes nothing in slot 1, and it
   signs what it holds there. What B writes is a list: its own claim, after the claim of A that at least Threshold of the bars
   show, if there is one; it carries Bars bars, and nodes check this count, which needs no judgement. Quorum equal receipts for slot 1, or for slot 2,
   are a certificate; the first valid claim in it wins.

   Liars sign whatever helps the cheat, and are silent otherwise. *)
EXTENDS Naturals, FiniteSets, Sequences

CONSTANTS
    Honest,     \* nodes that do as they should, by number
    Liars,      \* how many more sign anything
    Quorum,     \* receipts in a certificate
    Bars,      \* bars that B's write carries
    Threshold,  \* how many of them must show a claim for it to stand first
    Design,     \* "order" or "rounds"
    Fair,       \* the claimants that act as a wallet does: A writes one claim, early; B writes one list
    Valid,      \* the claims that a verifier takes
    From,       \* B's height
    Height,     \* the highest block
    Skew,       \* by how many blocks nodes differ at most
    Off         \* guards that are switched off

VARIABLES
    height,     \* node -> its own count of blocks
    first,      \* node -> slot 1: <<>> or a claim
    second,     \* node -> slot 2: <<>> or a list of claims
    barred,     \* nodes that take nothing in slot 1 any more
    plan,       \* the list that a fair B settled on
    won         \* what was ever shown to win: read by invariants only

vars == <<height, first, second, barred, plan, won>>

Claims == {"A", "a", "B"}
Writer(c) == IF c = "a" THEN "A" ELSE c

Init ==
    /\ height = [n \in Honest |-> 0]
    /\ first = [n \in Honest |-> <<>>]
    /\ second = [n \in Honest |-> <<>>]
    /\ barred = {}
    /\ plan = <<>>
    /\ won = {}

-----------------------------------------------------------------------------
(* What receipts show. *)

Enough(S) == Cardinality(S) + Liars >= (IF "quorum" \in Off THEN Quorum - 1 ELSE Quorum)

FirstValid(P) ==
    LET v == {i \in 1..Len(P) : ("valid" \in Off) \/ P[i] \in Valid}
    IN IF v = {} THEN {} ELSE {P[CHOOSE i \in v : \A k \in v : i <= k]}

\* An observer trusts a certificate of slot 1 alone, or of both ("order") or of slot 2 ("rounds").
Line(f, s) == IF Design = "order" /\ "prefix" \notin Off THEN f \o s ELSE s

Winners(f, s) ==
    LET one == {f[n] : n \in {m \in Honest : f[m] # <<>> /\ Enough({o \in Honest : f[o] = f[m]})}}
        two == {Line(f[n], s[n]) : n \in {m \in Honest : s[m] # <<>> /\ Enough(
                    {o \in Honest : s[o] # <<>> /\ Line(f[o], s[o]) = Line(f[m], s[m])})}}
    IN UNION {FirstValid(P) : P \in one \cup two}

Show == won' = won \cup Winners(first', second')

-----------------------------------------------------------------------------
(* Time. A fair A has written to all nodes before B's height comes, whether they took it or not: it starts early enough. *)

Tick(n) ==
    /\ height[n] < Height
    /\ \A o \in Honest : height[n] < height[o] + Skew
    /\ "A" \in Fair /\ height[n] + 1 >= From => \A o \in Honest : o \notin barred => first[o] # <<>>
    /\ height' = [height EXCEPT ![n] = @ + 1]
    /\ UNCHANGED <<first, second, barred, plan, won>>

Open(n, c) == ("not_before" \in Off) \/ (Writer(c) = "B" => height[n] >= From)

-----------------------------------------------------------------------------
(* Design "order". *)

Write(n, c) ==
    /\ Design = "order"
    /\ ("list" \in Off) \/ c # "X"
    /\ "A" \in Fair => c # "a"
    /\ Open(n, c)
    /\ \A x \in {first[n], second[n]} : x # <<>> => Writer(x[1]) # Writer(c)
    /\ \/ /\ first[n] = <<>>
          /\ first' = [first EXCEPT ![n] = <<c>>]
          /\ UNCHANGED second
       \/ /\ second[n] = <<>>
          /\ ("order" \in Off) \/ first[n] # <<>>
          /\ second' = [second EXCEPT ![n] = <<c>>]
          /\ UNCHANGED first
    /\ UNCHANGED <<height, barred, plan>>
    /\ Show

-----------------------------------------------------------------------------
(* Design "rounds". *)

WriteOne(n, c) ==
    /\ Design = "rounds"
    /\ Writer(c) = "A"
    /\ "A" \in Fair => c = "A"
    /\ first[n] = <<>>
    /\ ("barred" \in Off) \/ n \notin barred
    /\ first' = [first EXCEPT ![n] = <<c>>]
    /\ UNCHANGED <<height, second, barred, plan>>
    /\ Show

Bar(n) ==
    /\ Design = "rounds"
    /\ n \notin barred
    /\ Open(n, "B")
    /\ barred' = barred \cup {n}
    /\ UNCHANGED <<height, first, second, plan, won>>

\* Lists that some Bars bars allow, of which liars give as many as they like and say what they like.
Lists == {<<"B">>, <<"A", "B">>, <<"a", "B">>}
Shown(S, c) == Cardinality({n \in S : first[n] = <<c>>})
Allowed(list) ==
    \E S \in SUBSET barred :
        /\ Cardinality(S) <= Bars
        /\ Cardinality(S) + Liars >= Bars
        /\ IF Len(list) = 1
           THEN ("adopt" \in Off) \/ \A c \in {"A", "a"} : Shown(S, c) < Threshold
           ELSE Shown(S, list[1]) + (Bars - Cardinality(S)) >= Threshold

Justified(list) == ("justified" \in Off) \/ Allowed(list)

Plan(list) ==
    /\ Design = "rounds" /\ "B" \in Fair
    /\ plan = <<>>
    /\ Allowed(list)
    /\ plan' = list
    /\ UNCHANGED <<height, first, second, barred, won>>

WriteTwo(n, list) ==
    /\ Design = "rounds"
    /\ second[n] = <<>>
    /\ Open(n, "B")
    /\ Justified(list)
    /\ ("own_round" \in Off /\ list = <<"A">>) \/ ("B" \in Fair => list = plan)
    /\ second' = [second EXCEPT ![n] = list]
    /\ UNCHANGED <<height, first, barred, plan>>
    /\ Show

-----------------------------------------------------------------------------
Next ==
    \/ \E n \in Honest : Tick(n)
    \/ \E n \in Honest, c \in Claims \cup {"X"} : Write(n, c)
    \/ \E n \in Honest, c \in Claims : WriteOne(n, c)
    \/ \E n \in Honest : Bar(n)
    \/ \E list \in Lists : Plan(list)
    \/ \E n \in Honest, list \in Lists \cup (IF "own_round" \in Off THEN {<<"A">>} ELSE {}) : WriteTwo(n, list)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
TypeOK ==
    /\ \A n \in Honest : Len(first[n]) <= 1 /\ Len(second[n]) <= 2
    /\ barred \subseteq Honest
    /\ won \subseteq Valid \cup {"A", "a", "B", "X"}

\* No two observers with certificates disagree on the winner.
OneWinner == Cardinality(won) <= 1

\* Only a valid claim wins.
WinnerIsValid == won \subseteq Valid

Without(S) == Cardinality(S) >= Quorum

\* A valid claim that came before the other's height wins, without any liar's help, from that height on.
EarlyWins ==
    "A" \in Fair /\ (\E n \in Honest : height[n] >= From)
        => Without({n \in Honest : first[n] = <<"A">>})

\* Once B has written to every honest node, somebody wins, without any liar's help.
Reached(n) == second[n] # <<>> \/ (Design = "order" /\ first[n] = <<"B">>)
LaterLives ==
    "B" \in Fair /\ (\A n \in Honest : Reached(n))
        => \/ \E n \in Honest : FirstValid(first[n]) # {} /\ Without({o \in Honest : first[o] = first[n]})
           \/ \E n \in Honest : /\ second[n] # <<>>
                                /\ FirstValid(Line(first[n], second[n])) # {}
                                /\ Without({o \in Honest : second[o] # <<>>
                                        /\ Line(first[o], second[o]) = Line(first[n], second[n])})

-----------------------------------------------------------------------------
(* Must be found violated. *)

Never_First == "A" \notin won
Never_Later == "B" \notin won
Never_Came == ~\A n \in Honest : height[n] >= From
Never_Reached == ~\A n \in Honest : Reached(n)
\* Both slots are full everywhere, no liar can make a certificate any more, and nobody won.
Never_Limbo == ~((\A n \in Honest : first[n] # <<>> /\ second[n] # <<>>) /\ won = {} /\ Valid # {})
Never_Adopted == ~\E n \in Honest : Len(second[n]) = 2
=============================================================================
