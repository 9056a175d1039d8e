-- Without "cascade": a table of somebody else's that refers to these makes the roll-back fail instead of losing its keys.
DROP TABLE "verification";
--> statement-breakpoint
DROP TABLE "account";
--> statement-breakpoint
DROP TABLE "session";
--> statement-breakpoint
DROP TABLE "user";
