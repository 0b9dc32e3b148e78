/* parse_impl.h - what the parser's files share: where it stands in the text. */
#ifndef RULE_PARSE_IMPL_H
#define RULE_PARSE_IMPL_H

#include "rule/parse.h"

enum token_kind {
    TOKEN_END,
    TOKEN_SIGN,
    TOKEN_NUMBER,
    TOKEN_LENGTH,
    TOKEN_DATE,
    TOKEN_TEXT,
    TOKEN_WORD,
    TOKEN_QUOTED, /* a name in backquotes */
};

enum { SIGN_LE = 256, SIGN_GE, SIGN_NE, SIGN_DOTS }; /* those of two characters */

struct token {
    enum token_kind kind;
    uint32_t start, end;
    int sign;
    str text;
    int64_t number;
    struct length length;
};

struct parser {
    str text;
    struct arena *a;
    struct err *err;
    enum parse_mode mode;
    uint32_t at;   /* the byte behind `now` */
    uint32_t last; /* where the token before `now` ended */
    struct token now;
    unsigned depth;
    bool in_where;
};

/* --- tokens; false: p->err says what is wrong --- */

bool token_next(struct parser *p);
bool token_is_sign(const struct parser *p, int sign);
bool token_is_keyword(const struct parser *p, const char *word);
bool token_take_sign(struct parser *p, int sign, const char *what);
/* Says that `what` should stand here. */
bool token_expected(struct parser *p, const char *what);

/* --- the tree --- */

/* Puts operands under a node. The depth is what readers of the tree recurse by. */
bool node_over(struct parser *p, enum node_kind kind, uint32_t start, struct node *child,
               struct node **out);
bool parse_or(struct parser *p, struct node **out);
bool parse_name(struct parser *p, const char *what, struct name *out);
/* An event, or one of its properties, and what it must be like. */
bool parse_pattern(struct parser *p, struct pattern *out);
/* Behind the name of a function, which has been read. */
bool parse_call(struct parser *p, const struct name *name, struct node **out);

#endif
