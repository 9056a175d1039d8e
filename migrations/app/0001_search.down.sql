DROP TRIGGER "typyst_tell_change" ON "entry";
--> statement-breakpoint
DROP TRIGGER "typyst_tell_change" ON "collection_settings";
--> statement-breakpoint
DROP TRIGGER "typyst_tell_change" ON "collection";
--> statement-breakpoint
-- Without "cascade": a table of somebody else's that tells its changes makes the roll-back fail instead of falling silent.
DROP FUNCTION "typyst_tell_change"();
--> statement-breakpoint
DROP TRIGGER "typyst_note_updated" ON "entry";
--> statement-breakpoint
DROP FUNCTION "typyst_note_updated_entry"();
--> statement-breakpoint
DROP TRIGGER "typyst_note_inserted" ON "entry";
--> statement-breakpoint
DROP FUNCTION "typyst_note_inserted_entries"();
--> statement-breakpoint
DROP TABLE "entry_search";
--> statement-breakpoint
DROP TABLE "entry_search_pending";
--> statement-breakpoint
CREATE INDEX "entry_search_idx" ON "entry" USING gin (to_tsvector('simple', left("title" || ' ' || coalesce("content", ''), 65536)));
