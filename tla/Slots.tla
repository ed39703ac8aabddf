------------------------------- MODULE Slots -------------------------------
(* What a slot set holds of one device's heads, and what its certificates can say.

   Nodes keep heads by index, once: a write from start s fills s + 1 to e with their pairs and pins the head at s
   only. The device signs two lines, "a" and "b", that part at index Fork, and anybody writes any piece of either
   to any node in any order. Liars are nodes that sign whatever helps the cheat, so they are a number, not a state.
   A certificate is what Quorum nodes, liars included, would sign now: slots never change, so what could be signed once
   can be signed for ever; the one observer that keeps an old certificate checks exactly that.

   Close and End: each node counts blocks for itself (height) and remembers where Close came (closed). End follows an index
   (ends), and a node that holds it takes nothing more. The payee of an anchored payment has seen receipts that no
   Close was stored (paid: the oldest height on them).

   Abstracted: hashes and signatures (a head is a line and an index), sizes, quotas, and everything an entry says. *)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Honest,     \* nodes that do as they should, by number
    Liars,      \* how many more sign anything
    Quorum,     \* receipts in a certificate
    Last,       \* the highest index
    Fork,       \* the first index at which the lines differ; above Last: an honest log
    Known,      \* every honest node holds the indices up to this one from the start
    Acts,       \* which parts move: "device", "refuse", "observer", "wallet", "close", "payee"
    Longest,    \* the most pairs in a write of the device's: 1 reaches the same states as more
    InOrder,    \* a node is dealt with only while the later ones are untouched: they do not hear of each other, so the same states
    Start,      \* where a wallet's write starts: "registered" (the last certified head) or "node" (the last that this node joins)
    EndRule,    \* End follows: "last" (the last slot with a head) or "joined" (any slot that no pair follows)
    EndsAt,     \* the indices that whoever recovers lets End follow
    NoClose,    \* receipts that no Close was stored, which a payee wants
    Window,     \* blocks between Close and End
    Height,     \* the highest block
    Skew,       \* by how many blocks nodes differ at most
    Off         \* guards that are switched off

VARIABLES
    slots,      \* node -> index -> "-", a pinned head "pa" "pb", a head with its pair "a" "b"
    proof,      \* nodes that hold a fork proof
    obs,        \* the one certificate that an observer kept
    length,     \* wallet: entries written so far
    certified,  \* wallet: up to where it saw a certificate
    height, closed, ends, paid

vars == <<slots, proof, obs, length, certified, height, closed, ends, paid>>

None == 99
NoCert == [at |-> 0, head |-> "-", by |-> {}]
Lines == {"a", "b"}
Min(S) == CHOOSE x \in S : \A y \in S : x <= y
Max(S) == CHOOSE x \in S : \A y \in S : x >= y

On(l, i) == IF i < Fork THEN "a" ELSE l
Pin(h) == IF h = "a" THEN "pa" ELSE "pb"
At(n, i) == IF i = 0 THEN "a" ELSE slots[n][i]
HeadOf == [x \in {"-", "pa", "pb", "a", "b"} |-> CASE x \in {"a", "pa"} -> "a" [] x \in {"b", "pb"} -> "b" [] OTHER -> "-"]
Head(n, i) == IF i = 0 THEN "a" ELSE HeadOf[slots[n][i]]
Pair(n, i) == At(n, i) \in Lines

\* What is really there.
Held(n, i, j, l) ==
    /\ \A k \in i..j : Head(n, k) = On(l, k)
    /\ \A k \in (i + 1)..j : Pair(n, k)

Prior == [i \in 1..Last |-> IF i <= Known THEN "a" ELSE "-"]

Init ==
    /\ slots = [n \in Honest |-> Prior]
    /\ proof = {}
    /\ obs = NoCert
    /\ length = IF "wallet" \in Acts THEN 1 ELSE Last
    /\ certified = 0
    /\ height = [n \in Honest |-> 0]
    /\ closed = [n \in Honest |-> None]
    /\ ends = [n \in Honest |-> None]
    /\ paid = None

-----------------------------------------------------------------------------
(* A node takes a write. *)

Turn(n) == InOrder => \A m \in Honest : m > n => slots[m] = Prior /\ closed[m] = None

Takes(n) == ("end_blocks" \in Off) \/ ends[n] = None

Contradicts(n, l, s, e) ==
    \E k \in (IF "pin_start" \in Off THEN s + 1 ELSE s)..e :
        /\ Head(n, k) # "-"
        /\ ("compare" \in Off) \/ Head(n, k) # On(l, k)

Connects(n, l, s, e) == ("write_once" \in Off) \/ ~Contradicts(n, l, s, e)

Stored(n, l, s, e) ==
    [k \in 1..Last |->
        IF k \in (s + 1)..e THEN On(l, k)
        ELSE IF k = s /\ "pin_start" \notin Off /\ Head(n, k) # On(l, k) THEN Pin(On(l, k))
        ELSE slots[n][k]]

Put(n, l, s, e) ==
    /\ Takes(n)
    /\ Connects(n, l, s, e)
    /\ slots' = [slots EXCEPT ![n] = Stored(n, l, s, e)]
    /\ UNCHANGED <<proof, obs, length, certified, height, closed, ends, paid>>

Write(n, l, s, e) ==
    /\ "device" \in Acts
    /\ Turn(n)
    /\ ~Held(n, s, e, l)
    /\ Put(n, l, s, e)

Refuse(n, l, s, e) ==
    /\ "refuse" \in Acts
    /\ n \notin proof
    /\ Takes(n)
    /\ Contradicts(n, l, s, e)
    /\ proof' = proof \cup {n}
    /\ UNCHANGED <<slots, obs, length, certified, height, closed, ends, paid>>

-----------------------------------------------------------------------------
(* Receipts and certificates. *)

\* Receipts that a certificate needs of honest nodes.
Needed == (IF "quorum" \in Off THEN Quorum - 1 ELSE Quorum) - Liars
Enough(S) == Cardinality(S) >= Needed

\* An honest node signs for i to j.
Signs(n, i, j) ==
    /\ \A k \in i..j : Head(n, k) # "-"
    /\ ("pair_held" \in Off) \/ \A k \in (i + 1)..j : Pair(n, k)

Same(n, m, i, j) == ("equal" \in Off) \/ \A k \in i..j : Head(n, k) = Head(m, k)

\* A certificate over i to j with leaf h at j.
Cert(i, j, h) ==
    /\ Enough({n \in Honest : ("equal" \in Off /\ Head(n, j) # "-") \/ Head(n, j) = h})
    /\ \E m \in Honest :
        /\ Signs(m, i, j)
        /\ Head(m, j) = h
        /\ Enough({n \in Honest : Signs(n, i, j) /\ Same(n, m, i, j)})

\* What a verifier takes for a spend at k on line l of a note with floor f.
Registered(f, k, l) ==
    \/ Cert(f, k, On(l, k))
    \/ "from_floor" \in Off /\ Cert(k, k, On(l, k))
    \/ "leaf" \in Off /\ \E h \in Lines : Cert(f, k, h)
    \/ "one_range" \in Off /\ \E m \in f..(k - 1) : (\E h \in Lines : Cert(f, m, h)) /\ Cert(m + 1, k, On(l, k))

Observe(i, j, l) ==
    /\ "observer" \in Acts
    /\ obs = NoCert
    /\ Cert(i, j, On(l, j))
    /\ obs' = [at |-> j, head |-> On(l, j), by |-> {n \in Honest : Signs(n, i, j) /\ Head(n, j) = On(l, j)}]
    /\ UNCHANGED <<slots, proof, length, certified, height, closed, ends, paid>>

-----------------------------------------------------------------------------
(* An honest wallet that registers its own log; liars may sign today and be silent tomorrow. *)

Grow ==
    /\ "wallet" \in Acts
    /\ length < Last
    /\ length' = length + 1
    /\ UNCHANGED <<slots, proof, obs, certified, height, closed, ends, paid>>

See ==
    /\ "wallet" \in Acts
    /\ \E j \in (certified + 1)..length : Cert(0, j, "a") /\ certified' = j
    /\ UNCHANGED <<slots, proof, obs, length, height, closed, ends, paid>>

Joined(n) == Max({j \in 0..Last : Held(n, 0, j, "a")})

Send(n) ==
    /\ "wallet" \in Acts
    /\ LET s == IF Start = "node" THEN Joined(n) ELSE certified
       IN s < length /\ Put(n, "a", s, length)

-----------------------------------------------------------------------------
(* Close and End, each node by its own headers. *)

Tick(n) ==
    /\ "close" \in Acts
    /\ height[n] < Height
    /\ \A o \in Honest : height[n] < height[o] + Skew
    /\ height' = [height EXCEPT ![n] = @ + 1]
    /\ UNCHANGED <<slots, proof, obs, length, certified, closed, ends, paid>>

StoreClose(n) ==
    /\ "close" \in Acts
    /\ closed[n] = None
    /\ Turn(n)
    /\ closed' = [closed EXCEPT ![n] = height[n]]
    /\ UNCHANGED <<slots, proof, obs, length, certified, height, ends, paid>>

EndFits(n, m) ==
    /\ Head(n, m) # "-"
    /\ ("vacant" \in Off) \/ \A k \in (m + 1)..Last :
            IF EndRule = "last" THEN Head(n, k) = "-" ELSE k = m + 1 => ~Pair(n, k)

StoreEnd(n, m) ==
    /\ "close" \in Acts
    /\ ends[n] = None
    /\ closed[n] # None
    /\ Turn(n)
    /\ ("window" \in Off) \/ height[n] >= closed[n] + Window
    /\ EndFits(n, m)
    /\ ends' = [ends EXCEPT ![n] = m]
    /\ UNCHANGED <<slots, proof, obs, length, certified, height, closed, paid>>

\* An anchored payment of the last index from floor 0. The oldest height on the receipts counts.
Pay(S) ==
    /\ "payee" \in Acts
    /\ paid = None
    /\ ("no_close" \in Off) \/ \A n \in S : closed[n] = None
    /\ Cardinality(S) + Liars >= NoClose
    /\ LET hs == {height[n] : n \in S} IN paid' = IF "oldest" \in Off THEN Max(hs) ELSE Min(hs)
    /\ UNCHANGED <<slots, proof, obs, length, certified, height, closed, ends>>

\* End with the run from f to m on line l.
EndCert(f, m, l) == Enough({n \in Honest : ends[n] = m}) /\ Enough({n \in Honest : ends[n] = m /\ Signs(n, f, m) /\ \A k \in f..m : Head(n, k) = On(l, k)})

-----------------------------------------------------------------------------
Pieces(s) == {e \in (s + 1)..Last : e - s <= Longest}

Next ==
    \/ \E n \in Honest, l \in Lines, s \in 0..(Last - 1) : \E e \in Pieces(s) : Write(n, l, s, e)
    \/ \E n \in Honest, l \in Lines, s \in 0..(Last - 1) : \E e \in Pieces(s) : Refuse(n, l, s, e)
    \/ \E i \in 0..Last, j \in 1..Last, l \in Lines : i <= j /\ Observe(i, j, l)
    \/ Grow
    \/ See
    \/ \E n \in Honest : Send(n)
    \/ \E n \in Honest : Tick(n)
    \/ \E n \in Honest : StoreClose(n)
    \/ \E n \in Honest, m \in EndsAt : StoreEnd(n, m)
    \/ \E S \in SUBSET Honest : S # {} /\ Pay(S)

Spec == Init /\ [][Next]_vars
Fair == Spec /\ WF_vars(Grow) /\ \A n \in Honest : WF_vars(Send(n))

-----------------------------------------------------------------------------
(* Invariants. *)

TypeOK ==
    /\ slots \in [Honest -> [1..Last -> {"-", "pa", "pb", "a", "b"}]]
    /\ proof \subseteq Honest
    /\ ends \in [Honest -> 0..Last \cup {None}]

\* No two certificates have different heads at one index.
OneHead ==
    /\ \A k \in 1..Last : ~(Cert(k, k, "a") /\ Cert(k, k, "b"))
    /\ obs # NoCert => \A h \in Lines : Cert(obs.at, obs.at, h) => h = obs.head

\* No note has two registered spends.
OneSpend ==
    Fork <= Last => \A f \in 0..(Fork - 1) :
        ~((\E k \in Fork..Last : Registered(f, k, "a")) /\ (\E k \in Fork..Last : Registered(f, k, "b")))

\* A certificate is of heads that an honest node holds and joins.
CertIsHeld ==
    \A j \in 1..Last, l \in Lines : On(l, j) = l =>
        \A i \in 0..j : Cert(i, j, l) => \E n \in Honest : Held(n, i, j, l)

\* If two certificates disagree all the same, some node signed both: its receipts are the proof against it.
TwiceIsProven ==
    \A k \in 1..Last :
        LET by(h) == Cardinality({n \in Honest : Head(n, k) = h})
            q == IF "quorum" \in Off THEN Quorum - 1 ELSE Quorum
        IN Cert(k, k, "a") /\ Cert(k, k, "b") => (q - by("a")) + (q - by("b")) > Liars

\* No honest node ever signs against what it signed.
HonestNeverProven == obs # NoCert => \A n \in obs.by : Head(n, obs.at) = obs.head

\* No honest device is accused.
NoFalseProof == Fork > Last => proof = {}

\* What the dead log spent registered is spent for the successor.
OneSide ==
    \A m \in EndsAt : \A f \in 0..m, x \in Lines :
        EndCert(f, m, x) => \A k \in (f + 1)..Last, l \in Lines :
            k > m \/ On(l, k) # On(x, k) => ~Registered(f, k, l)

\* A payee who comes before the window of the oldest receipt is over finds enough nodes without any liar's help.
PayeeInTime ==
    paid # None /\ (\A n \in Honest : height[n] < paid + Window)
        => Cardinality({n \in Honest : Held(n, 0, Last, "a") \/ (ends[n] = None /\ ~Contradicts(n, "a", 0, Last))}) >= Quorum

\* Whoever did not go on from the last honest head cannot prevent End from following it.
FarSlotHarmless ==
    (\A n \in Honest : ~Pair(n, Known + 1))
        => Cardinality({n \in Honest : ends[n] = Known \/ (ends[n] = None /\ EndFits(n, Known))}) >= Quorum

\* An honest log can always be certified from its first entry, without any liar's help.
Certifiable == <>[](Cardinality({n \in Honest : Held(n, 0, Last, "a")}) >= Quorum)

-----------------------------------------------------------------------------
(* Must be found violated: what the invariants speak of does happen. *)

Never_Certified == ~\E k \in Fork..Last : Registered(Fork - 1, k, "b")
Never_Refused == proof = {}
Never_Observed == obs = NoCert
Never_Split == ~\E n, m \in Honest : Held(n, 0, Last, "a") /\ Held(m, 0, Last, "b")
Never_Island == ~\E n \in Honest, i \in 1..(Last - 1) : Head(n, i) = "a" /\ At(n, i + 1) = "pb"
Never_Twice == ~(Cert(Last, Last, "a") /\ Cert(Last, Last, "b"))
Never_Recovered == ~\E m \in 1..Last : EndCert(0, m, "a")
Never_SpentThenEnded == ~(Registered(0, Last, "a") /\ EndCert(0, Last, "a"))
Never_PaidLate == ~(paid # None /\ \E n \in Honest : height[n] >= paid + Window)
Never_PaidAmidClose == ~(paid # None /\ (\E n \in Honest : ends[n] # None) /\ \A n \in Honest : height[n] < paid + Window)
\* Every honest node holds End and no run from floor 0 reaches it: lost to a gap, or to two lines.
Never_Lost == ~((\A n \in Honest : ends[n] # None) /\ ~\E m \in 0..Last, l \in Lines : EndCert(0, m, l))
\* Neither line can be certified at Fork without a liar's help: the device split its own slots.
Never_Limbo == ~\A h \in Lines : Cardinality({n \in Honest : Head(n, Fork) \in {"-", h}}) < Quorum
=============================================================================
