-- Undoes V001. The users are lost.
DROP TABLE users;
DROP FUNCTION increment_version_column();
DROP FUNCTION update_updated_at_column();
