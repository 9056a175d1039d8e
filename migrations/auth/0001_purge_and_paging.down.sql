DROP INDEX "session_expires_at_idx";
--> statement-breakpoint
DROP INDEX "user_created_at_id_idx";
--> statement-breakpoint
DROP INDEX "verification_expires_at_idx";
