/* The gateway handshake, both sides, with an attacker for a network.
 *
 * Up to two connections of Alice's client and two of the server, so that everything can be replayed
 * into or mixed up with another session. The attacker, Mallory, is the network: whatever was said she
 * can deliver to anybody, in any order, any number of times, changed or not, or never. She has an
 * account and a server identity of her own, and ephemeral keys of her own. She cannot sign for
 * others, nor confirm or seal with keys of which she has neither half; so a frame that needs such
 * a thing can be delivered if, and only if, somebody has made it.
 *
 * Signatures, confirmations and seals are what they cover: a macro says which facts must agree.
 * tools/model checks this file as it is, and then with one thing left out at a time: each of those
 * must be found out. CLIENTS and SERVERS say how many connections there are, NEWEST_ONLY that all
 * speak version 2 alone, ALL_KNOWN that no client meets the server for the first time.
 *
 *   NO_CONFIRM                     no confirmation of the keys in server_hello
 *   NO_MARK                        a server that answers in version 1 leaves no mark
 *   NO_PIN_VERSION                 the client forgets which version the server once spoke
 *   NO_PIN                         the client forgets who the server was
 *   SIGNATURE_WITHOUT_CLIENT_KEY   the server signs its own half only, as in version 1 (and
 *                                  nothing is confirmed)
 *   AUTH_WITHOUT_SERVER            the client signs nothing that the server has said
 *   LATE_ANSWER                    the directory is believed after the deadline
 *   SECOND_AUTH                    every good server_hello is answered
 *   SECOND_HELLO                   in version 1 another client_hello takes the place of the first
 */

#ifdef SIGNATURE_WITHOUT_CLIENT_KEY
#define NO_CONFIRM
#endif

#define SERVER  0  /* identities */
#define MALLORY 1
#define ALICE   0  /* accounts; hers is 1 as well */
#define HERS    2  /* an ephemeral key or a nonce that Mallory made; those of session n are n */

mtype = { awaiting_server_hello, awaiting_established, awaiting_hello, awaiting_auth,
          checking_device, established, rejected };

#ifndef CLIENTS
#define CLIENTS 2
#define SERVERS 2
#endif

/* A key or a nonce of one of the first `count` sessions, or one of hers. */
inline choose(what, count) {
  if :: what = 0 :: count == 2 -> what = 1 :: what = HERS fi
}

/* ---- what both sides are like ---- */

byte client_speaks[2];   /* 1 or 2 */
byte server_speaks;
byte pinned[2];          /* the version by which the client knows the server; 0: first use */

/* ---- what has happened; n is the number of a session, and of its key and its nonce ---- */

mtype client[2] = awaiting_server_hello;
byte  auths[2];          /* how many client_auths were sent */
byte  version_c[2], echo_c[2], key_c[2], nonce_c[2], identity_c[2];  /* the server_hello taken */
bool  mark_c[2];

mtype server[2] = awaiting_hello;
bool  answered[2];
byte  key_s[2], nonce_s[2], offer_s[2];  /* the client_hello heard */
byte  said_to[2];        /* the nonce that was signed in the server_hello */
byte  version_s[2];
bool  mark_s[2];
byte  user[2];

/* ---- cryptography ---- */

/* Server session j has answered the hello of client i, as i sent it. */
#define heard(j, i) (answered[j] && key_s[j] == i && nonce_s[j] == i && \
                     offer_s[j] == client_speaks[i])

/* What was said in the server_hello that i is shown is what j has said. */
#define is_answer_of(j) (answered[j] && version == version_s[j] && key == j && nonce == j && \
                         mark == mark_s[j] && (version == 1 || echo == offer_s[j]))

#ifdef SIGNATURE_WITHOUT_CLIENT_KEY
#define covers(j, i) (said_to[j] == i)
#else
#define covers(j, i) (version == 1 && said_to[j] == i || heard(j, i))
#endif
#define signed_by(j, i) (is_answer_of(j) && covers(j, i))
#define signature_is_good(i) (identity == MALLORY || signed_by(0, i) || signed_by(1, i))

/* Keys come from both ephemeral keys and the transcript; the client's half is never Mallory's. */
#define has_keys(j, i) (identity == SERVER && is_answer_of(j) && heard(j, i))
#ifdef NO_CONFIRM
#define confirmation_is_good(i) true
#else
#define confirmation_is_good(i) (key == HERS || has_keys(0, i) || has_keys(1, i))
#endif

/* Client i and server j have the same transcript, and so the same keys. */
#define agree(i, j) (heard(j, i) && auths[i] > 0 && version_c[i] == version_s[j] && \
                     echo_c[i] == offer_s[j] && key_c[i] == j && nonce_c[i] == j && \
                     mark_c[i] == mark_s[j] && identity_c[i] == SERVER)

/* A signature of Alice that Mallory has read: in version 1 she listens, in version 2 it was sealed
 * for her. */
#define signed_v1(i, j) (auths[i] > 0 && version_c[i] == 1 && nonce_s[j] == i && \
                         nonce_c[i] == j && key_c[i] == j && mark_c[i] == mark_s[j])
#ifdef AUTH_WITHOUT_SERVER
#define signed_v2(i, j) (auths[i] > 0 && version_c[i] == 2 && key_c[i] == HERS && nonce_s[j] == i)
#else
#define signed_v2(i, j) (key_c[i] == HERS && agree(i, j))
#endif

/* Who can come in at j: Alice by the frame that she sealed, Alice by her signature that Mallory
 * has, Mallory by her own. */
#define alice_v1(j) (signed_v1(0, j) || signed_v1(1, j))
#define alice_v2(j) (agree(0, j) || agree(1, j) || \
                     key_s[j] == HERS && (signed_v2(0, j) || signed_v2(1, j)))
#define alice_can(j) (version_s[j] == 1 && alice_v1(j) || version_s[j] == 2 && alice_v2(j))
#define mallory_can(j) (version_s[j] == 1 || key_s[j] == HERS)

/* session_established: in version 1 anybody's; in version 2 sealed with keys of the session. */
#define greets(j, i) (agree(i, j) && server[j] == established && user[j] == ALICE)
#define greeting_can_come(i) (version_c[i] == 1 || key_c[i] == HERS || greets(0, i) || greets(1, i))

/* ---- the client ---- */

#define offer_was_lost (version == 1 && client_speaks[i] > 1 && mark || \
                        version == 2 && echo != client_speaks[i])
#ifdef NO_PIN_VERSION
#define less_than_known false
#else
#define less_than_known (version < pinned[i])
#endif
#ifdef NO_PIN
#define another_than_known false
#else
#define another_than_known (pinned[i] > 0 && identity != SERVER)
#endif
#ifdef SECOND_AUTH
#define takes_hellos (client[i] == awaiting_server_hello || client[i] == awaiting_established)
#else
#define takes_hellos (client[i] == awaiting_server_hello)
#endif

inline take_hello() {
  version_c[i] = version; echo_c[i] = echo; key_c[i] = key; nonce_c[i] = nonce;
  mark_c[i] = mark; identity_c[i] = identity;
  auths[i]++;
  client[i] = awaiting_established;

  /* client_auth exactly once; to whom we know; in no version less than both speak. */
  assert(auths[i] == 1);
  assert(pinned[i] == 0 || identity == SERVER);
  assert(version >= pinned[i]);
  assert(identity == MALLORY || version == 2 || client_speaks[i] == 1 || server_speaks == 1);
  /* In version 2, whoever has signed has the keys, and nobody else who is not of that name. */
  assert(version == 1 || identity == SERVER || key == HERS);
  assert(version == 1 || identity == MALLORY || agree(i, 0) || agree(i, 1));
}

proctype Client(byte i) {
  byte version, echo, key, nonce, identity;
  bool mark;
  do
  :: atomic { takes_hellos ->
       if :: identity = SERVER :: identity = MALLORY fi;
       choose(key, SERVERS);
       choose(nonce, SERVERS);
       if
#ifndef NEWEST_ONLY
       :: version = 1; if :: mark = false :: mark = true fi
#endif
       :: version = 2; if :: echo = 1 :: echo = 2 fi
       fi;
       if
       :: version > client_speaks[i] || !signature_is_good(i) ||
          (version == 2 && !confirmation_is_good(i)) -> skip  /* ignored */
       :: else ->
          if
          :: another_than_known || less_than_known || offer_was_lost -> client[i] = rejected
          :: else -> take_hello()
          fi
       fi;
       version = 0; echo = 0; key = 0; nonce = 0; identity = 0; mark = false
     }
  :: atomic { client[i] == awaiting_established && greeting_can_come(i) ->
       client[i] = established;
       assert(version_c[i] == 1 || identity_c[i] == MALLORY || greets(0, i) || greets(1, i))
     }
     /* A bad record; or too many hellos that nobody has signed; or the time is over, which is
      * asked before everything that comes. */
  :: client[i] == awaiting_server_hello || client[i] == awaiting_established ->
     client[i] = rejected
  :: client[i] == established || client[i] == rejected -> break
  od
}

/* ---- the server ---- */

inline establish() {
  server[j] = established;
  assert(!time_is_over);
  /* Alice is let in only if she has signed for this very session ... */
  assert(user[j] != ALICE || version_s[j] == 2 || alice_v1(j));
  assert(user[j] != ALICE || version_s[j] == 1 || agree(0, j) || agree(1, j));
  /* ... and nobody else over keys that she holds for hers. */
  assert(user[j] == ALICE || version_s[j] == 1 || !(agree(0, j) || agree(1, j)));
  /* The session is of the hello that was answered, in version 1 as well. */
  assert(said_to[j] == nonce_s[j]);
  /* One client_auth opens one session. */
  assert(!(user[0] == ALICE && user[1] == ALICE && server[1 - j] == established &&
           (agree(0, 0) && agree(0, 1) || agree(1, 0) && agree(1, 1) ||
            signed_v1(0, 0) && signed_v1(0, 1) || signed_v1(1, 0) && signed_v1(1, 1))));
}

proctype Server(byte j) {
  bool time_is_over;
  do
  :: atomic { server[j] == awaiting_hello ->
       choose(key_s[j], CLIENTS);
       choose(nonce_s[j], CLIENTS);
       if
#ifndef NEWEST_ONLY
       :: offer_s[j] = 1
#endif
       :: offer_s[j] = 2
       fi;
       version_s[j] = (offer_s[j] < server_speaks -> offer_s[j] : server_speaks);
#ifndef NO_MARK
       mark_s[j] = version_s[j] < server_speaks;
#endif
       answered[j] = true;
       said_to[j] = nonce_s[j];
       server[j] = awaiting_auth
     }
     /* Another hello, or whatever else is not the client_auth: version 1 passes over it. */
  :: atomic { server[j] == awaiting_auth && version_s[j] == 1 ->
#ifdef SECOND_HELLO
       choose(key_s[j], CLIENTS);
       choose(nonce_s[j], CLIENTS)
#else
       skip
#endif
     }
  :: atomic { server[j] == awaiting_auth && alice_can(j) ->
       user[j] = ALICE; server[j] = checking_device }
  :: atomic { server[j] == awaiting_auth && mallory_can(j) ->
       user[j] = MALLORY; server[j] = checking_device }
  :: atomic { server[j] == checking_device ->  /* the directory says yes, in time or not */
       if :: time_is_over = false :: time_is_over = true fi;
       if
#ifndef LATE_ANSWER
       :: time_is_over -> server[j] = rejected
#endif
       :: else -> establish()
       fi;
       time_is_over = false
     }
     /* The directory says no; or in version 2 another hello or a bad frame has come, in version 1
      * too many of them; or the time is over. The same hello again changes nothing. */
  :: server[j] == awaiting_hello || server[j] == awaiting_auth || server[j] == checking_device ->
     server[j] = rejected
  :: server[j] == established || server[j] == rejected -> break
  od
}

inline choose_client(i) {
  if :: client_speaks[i] = 1 :: client_speaks[i] = 2 fi;
#ifdef ALL_KNOWN
  pinned[i] = 2
#else
  if :: pinned[i] = 0 :: pinned[i] = 1 :: pinned[i] = 2 fi
#endif
}

init {
  atomic {
#ifdef NEWEST_ONLY
    client_speaks[0] = 2; client_speaks[1] = 2; server_speaks = 2;
#else
    choose_client(0);
    if :: CLIENTS == 2 -> choose_client(1) :: else fi;
    if :: server_speaks = 1 :: server_speaks = 2 fi;
#endif
    run Client(0);
    run Server(0);
    if :: CLIENTS == 2 -> run Client(1) :: else fi;
    if :: SERVERS == 2 -> run Server(1) :: else fi
  }
}
