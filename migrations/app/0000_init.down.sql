-- Without "cascade": a table of somebody else's that refers to these makes the roll-back fail instead of losing its keys.
DROP TABLE "entry";
--> statement-breakpoint
DROP TABLE "collection_settings";
--> statement-breakpoint
DROP TABLE "collection";
